// No stage; it starts the same bundle.
require('../dist/index.js').runAction('hand-over', require('node:path').join(__dirname, '..', '..'));
