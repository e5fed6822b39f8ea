/** Where the Node that the lock file pins is. For scripts, which any Node from 20 up may start. */
'use strict'
const { join } = require('node:path')

const name =
  process.platform === 'darwin'
    ? `node-bin-darwin-${process.arch}`
    : `node-${process.platform}-${process.arch}`

exports.pinnedNode = () => join(require.resolve(`${name}/package.json`), '..', 'bin', 'node')
