// One server in three processes: a primary one and two that share its port.
const cluster = require('node:cluster')
const http = require('node:http')

function serve() {
  return require('@modelcontextprotocol/sdk/server/index.js')
}

if (cluster.isPrimary) {
  cluster.fork()
  cluster.fork()
} else {
  http.createServer((request, response) => response.end()).listen(Number(process.argv[2]), '127.0.0.1')
}
setInterval(() => serve, 60000)
