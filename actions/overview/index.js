// No stage; it starts the same bundle.
require('../dist/index.js').runAction('overview', require('node:path').join(__dirname, '..', '..'));
