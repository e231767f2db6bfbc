// A server and its clients, with the balancer between them: fetch.mjs BALANCER_URL SERVER_PORT.
// The route /node leads to the server. Exits 0 where all holds; no step has more than ten seconds.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

const [balancer, port] = process.argv.slice(2);
const sockets = new Set();
const waiting = new Map(); // by name: what resolves when it comes to pass
const comes = (name) => new Promise((resolve) => waiting.set(name, resolve));
const came = (name, value) => waiting.get(name)?.(value);

const answers = {
  '/node/hello': (request, response) => response.end('hello'),
  '/node/hash': (request, response) => {
    const hash = createHash('sha256');
    request.on('data', (piece) => { hash.update(piece); came('piece', piece.length); });
    request.on('end', () => response.end(hash.digest('hex')));
  },
  '/node/early': (request, response) => {
    const hash = createHash('sha256');
    response.writeHead(200);
    response.write('begun,');
    request.on('data', (piece) => hash.update(piece));
    request.on('end', () => response.end(hash.digest('hex')));
  },
  '/node/slow': (request, response) => {
    response.write('first,');
    comes('first read').then(() => response.end('second'));
  },
  '/node/endless': (request, response) => {
    const piece = Buffer.alloc(65536);
    const write = () => { while (response.write(piece)); };
    response.on('drain', write);
    response.on('close', () => came('endless closed', performance.now()));
    write();
  },
};
const server = http.createServer((request, response) => {
  sockets.add(request.socket);
  (answers[request.url] ?? answers['/node/hello'])(request, response);
});
server.keepAliveTimeout = 60000;

const ask = (path, options = {}) =>
  fetch(balancer + path, { signal: AbortSignal.timeout(10000), ...options });

const steps = {
  async keptAlive() {
    sockets.clear();
    for (let i = 0; i < 10; i++) assert.equal(await (await ask('/node/hello')).text(), 'hello');
    assert.equal(sockets.size, 1);
  },
  // What is sent reaches the server while the rest is not there yet.
  async streamsUp() {
    const rest = randomBytes(8 << 20);
    const first = comes('piece');
    async function* body() { yield Buffer.from('first'); await first; yield rest; }
    const answer = await ask('/node/hash', { method: 'POST', body: ReadableStream.from(body()), duplex: 'half' });
    assert.equal(await answer.text(), createHash('sha256').update('first').update(rest).digest('hex'));
  },
  // And the other way round.
  async streamsDown() {
    const reader = (await ask('/node/slow')).body.getReader();
    assert.equal(Buffer.from((await reader.read()).value).toString(), 'first,');
    came('first read');
    assert.equal(Buffer.from((await reader.read()).value).toString(), 'second');
    assert.equal((await reader.read()).done, true);
  },
  // A server that begins its answer before it has read all: the rest reaches it nevertheless. One that never
  // reads what it is sent has answered, too.
  async answersEarly() {
    const body = randomBytes(8 << 20);
    const answer = await ask('/node/early', { method: 'POST', body });
    assert.equal(await answer.text(), 'begun,' + createHash('sha256').update(body).digest('hex'));
    assert.equal(await (await ask('/node/hello', { method: 'POST', body })).text(), 'hello');
  },
  async leavesInTheMiddle() {
    const leaving = new AbortController();
    const closed = comes('endless closed');
    const reader = (await ask('/node/endless', { signal: leaving.signal })).body.getReader();
    for (let read = 0; read < 1 << 20; ) read += (await reader.read()).value.length;
    const left = performance.now();
    leaving.abort();
    assert.ok(await closed - left < 1000, 'the server still writes a second after the client left');
  },
};

await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
const deadline = performance.now() + 20000;
while ((await ask('/node/hello')).status !== 200) { // until the balancer has found us
  assert.ok(performance.now() < deadline, 'the balancer does not find this server');
  await pause(10);
}
for (const [name, step] of Object.entries(steps)) {
  console.log(name);
  await step();
}
process.exit(0);
