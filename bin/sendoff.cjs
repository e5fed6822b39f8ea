#!/usr/bin/env node
/**
 * The launcher: any Node from 20 up starts it, and it continues on the Node that the lock file pins.
 * It passes signals on, ends with its child's exit code, and never outlives it. The child watches the
 * line to its launcher (src/main.ts), so killing the launcher leaves no server behind.
 */
'use strict'
const { spawn } = require('node:child_process')
const { join } = require('node:path')

const FLAGS = ['--disable-sigusr1', '--disable-warning=ExperimentalWarning']

function pinnedNode() {
  const name =
    process.platform === 'darwin'
      ? `node-bin-darwin-${process.arch}`
      : `node-${process.platform}-${process.arch}`
  try {
    return join(require.resolve(`${name}/package.json`), '..', 'bin', 'node')
  } catch {
    if (Number(process.versions.node.split('.')[0]) >= 26) return process.execPath
    console.error(
      `Cannot start: Sendoff needs Node 26 and ${name} is not installed, run npm ci or start it with Node 26`,
    )
    return process.exit(2)
  }
}

const main = join(__dirname, '..', 'src', 'main.ts')
const child = spawn(pinnedNode(), [...FLAGS, main, ...process.argv.slice(2)], {
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => child.kill(signal))
}
child.on('error', (error) => {
  console.error(`Cannot start: ${error.message}`)
  process.exit(2)
})
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)))
