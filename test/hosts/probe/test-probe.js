/**
 * Loaded by Node-RED from the user folder's nodes/. Records every message that reaches a probe, in memory and in a
 * file, so that what was delivered just before a kill is known too, and hands messages to any node.
 */
'use strict';
const { subscribe } = require('node:diagnostics_channel');
const fs = require('node:fs');
const path = require('node:path');
const v8 = require('node:v8');

module.exports = function (RED) {
	const file = path.join(RED.settings.userDir, 'test-probe.log');
	const records = read(file);
	let waiting = [];
	const state = { started: 0, refused: 0 };

	RED.events.on('flows:started', (event) => {
		state.started += 1;
		state.rev = event && event.config ? event.config.rev : undefined;
	});
	RED.events.on('runtime-event', (event) => {
		const payload = event.payload || {};
		if (event.id !== 'runtime-state' || !payload.error) return;
		state.refused += 1;
		state.reason = payload;
	});

	function record(probe, msg) {
		const entry = {
			seq: (records.length ? records[records.length - 1].seq : 0) + 1,
			at: Date.now(),
			probe,
			msg: plain(msg),
		};
		const bytes = v8.serialize(entry);
		const length = Buffer.alloc(4);
		length.writeUInt32LE(bytes.length);
		fs.appendFileSync(file, Buffer.concat([length, bytes]));
		records.push(entry);
		const woken = waiting;
		waiting = [];
		for (const wake of woken) wake();
	}

	function TestProbe(config) {
		RED.nodes.createNode(this, config);
		this.on('input', (msg, send, done) => {
			record(this.id, msg);
			done();
		});
	}
	RED.nodes.registerType('test-probe', TestProbe);

	RED.httpAdmin.get('/test-probe/state', (request, response) => {
		response.json({ ...state, last: records.length ? records[records.length - 1].seq : 0 });
	});

	RED.httpAdmin.post('/test-probe/send', (request, response) => {
		const chunks = [];
		request.on('data', (chunk) => chunks.push(chunk));
		request.on('end', () => {
			const { id, msg } = v8.deserialize(Buffer.concat(chunks));
			const node = RED.nodes.getNode(id);
			if (!node) return response.status(404).send(`there is no running node ${id}`);
			node.receive(msg);
			response.status(204).end();
		});
	});

	const { now } = Date;
	RED.httpAdmin.post('/test-probe/clock', (request, response) => {
		const offset = Number(request.query.offset);
		Date.now = () => now() + offset;
		response.status(204).end();
	});

	/** Where the process is to end without notice, and after how many times that it came there. */
	let end;
	function at(point, what = '') {
		if (end === undefined || end.point !== point || !what.includes(end.match)) return;
		end.count -= 1;
		if (end.count <= 0) process.kill(process.pid, 'SIGKILL');
	}
	RED.httpAdmin.post('/test-probe/kill', (request, response) => {
		end = {
			point: String(request.query.point),
			match: String(request.query.match || ''),
			count: Number(request.query.count || 1),
		};
		response.status(204).end();
	});
	// The pages of one look differ in their beginning only.
	const lookOf = (url) => url.replace(/\bbegintime=\d+/, '');
	let before = '';
	subscribe('undici:request:create', ({ request }) => {
		at('request', request.path);
		if (request.path !== before && lookOf(request.path) === lookOf(before)) at('page', request.path);
		before = request.path;
	});
	subscribe('undici:request:trailers', ({ request }) => at('answer', request.path));
	RED.hooks.add('onSend.test-probe', (events) => at('send', typeOf(events[0].source.node)));
	// The message reaches the next node in the next round of the loop.
	RED.hooks.add('postDeliver.test-probe', ({ source }) => setImmediate(() => at('sent', typeOf(source.node))));
	// Files of our own, and those of Node-RED's context store.
	const contexts = Object.entries(require.cache).filter(([name]) => /fs-extra[\\/]lib[\\/]index\.js$/.test(name));
	for (const files of [require('node:fs/promises'), ...contexts.map(([, { exports }]) => exports)]) {
		const { rename } = files;
		files.rename = (from, to, ...callback) => {
			// Node-RED's own files.
			if (callback.length > 0) return rename(from, to, ...callback);
			at('store', String(to));
			return rename(from, to).then(() => at('stored', String(to)));
		};
	}

	RED.httpAdmin.get('/test-probe/received', (request, response) => {
		const after = Number(request.query.after || 0);
		const answer = () => {
			// Numbers rise by one, so the place of the first wanted record is known.
			const first = records.length ? records[0].seq : 1;
			response.type('application/octet-stream').send(v8.serialize(records.slice(Math.max(0, after + 1 - first))));
		};
		const last = records.length ? records[records.length - 1].seq : 0;
		const wait = Number(request.query.wait || 0);
		if (last > after || wait <= 0) return answer();
		let answered = false;
		const once = () => {
			if (answered) return;
			answered = true;
			clearTimeout(timer);
			waiting = waiting.filter((wake) => wake !== once);
			answer();
		};
		const timer = setTimeout(once, wait);
		waiting.push(once);
	});
};

const typeOf = (node) => (node ? node.type : '');

function read(file) {
	let bytes;
	try {
		bytes = fs.readFileSync(file);
	} catch {
		return [];
	}
	const records = [];
	let at = 0;
	while (at + 4 <= bytes.length) {
		const end = at + 4 + bytes.readUInt32LE(at);
		if (end > bytes.length) break;
		records.push(v8.deserialize(bytes.subarray(at + 4, end)));
		at = end;
	}
	// A kill may have cut the last record.
	if (at < bytes.length) fs.truncateSync(file, at);
	return records;
}

/** A copy that can be sent over: errors keep their own properties, what cannot be copied is named. */
function plain(value, seen = new Map()) {
	if (typeof value === 'function') return `[function ${value.name}]`;
	if (typeof value === 'symbol') return String(value);
	if (typeof value !== 'object' || value === null) return value;
	if (seen.has(value)) return seen.get(value);
	if (Buffer.isBuffer(value) || ArrayBuffer.isView(value) || value instanceof Date || value instanceof RegExp)
		return value;
	if (Array.isArray(value)) {
		const copy = [];
		seen.set(value, copy);
		for (const item of value) copy.push(plain(item, seen));
		return copy;
	}
	if (value instanceof Map || value instanceof Set) {
		const copy = new value.constructor();
		seen.set(value, copy);
		for (const item of value) {
			if (value instanceof Map) copy.set(plain(item[0], seen), plain(item[1], seen));
			else copy.add(plain(item, seen));
		}
		return copy;
	}
	const prototype = Object.getPrototypeOf(value);
	const isError = value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
	// Sockets, requests and the like lead through half of the process.
	if (!isError && prototype !== null && prototype.constructor && prototype.constructor.name !== 'Object') {
		return `[object ${prototype.constructor.name}]`;
	}
	const copy = {};
	seen.set(value, copy);
	if (isError) Object.assign(copy, { name: value.name, message: value.message, stack: value.stack });
	if (isError && 'cause' in value) copy.cause = plain(value.cause, seen);
	for (const key of Object.keys(value)) {
		Object.defineProperty(copy, key, {
			value: plain(value[key], seen),
			enumerable: true,
			configurable: true,
			writable: true,
		});
	}
	return copy;
}
