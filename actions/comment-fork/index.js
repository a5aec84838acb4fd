// No stage; it starts the same bundle.
require('../dist/index.js').runAction('comment-fork', require('node:path').join(__dirname, '..', '..'));
