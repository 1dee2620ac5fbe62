/**
 * Loaded into n8n before anything else (NODE_OPTIONS): ends the process without notice at a point of its work, as the
 * file says that FLEETWIRE_KILL names: {"point", "match", "count"}. It ends when it comes to the point for the
 * `count`th time with something that contains `match`:
 * - request, page, answer: before a request goes out, before one for the next page, after an answer; its path
 * - polled: after a node's poll gave items; the node's class
 * - write, commit, committed: before a statement that changes the database, before and after that becomes permanent;
 * all
 *   statements of the transaction
 */
'use strict';
const { subscribe } = require('node:diagnostics_channel');
const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');

const file = process.env.FLEETWIRE_KILL || '';
let armed = '';
let left = 0;

function at(point, what) {
	let text = '';
	try {
		text = fs.readFileSync(file, 'utf8');
	} catch {
		return;
	}
	const wanted = JSON.parse(text);
	if (text !== armed) {
		armed = text;
		left = wanted.count;
	}
	if (wanted.point !== point || !what.includes(wanted.match)) return;
	left -= 1;
	if (left <= 0) process.kill(process.pid, 'SIGKILL');
}

// The pages of one look differ in their beginning only.
const lookOf = (url) => url.replace(/\bbegintime=\d+/, '');
let before = '';
subscribe('http.client.request.created', ({ request }) => {
	at('request', request.path);
	if (request.path !== before && lookOf(request.path) === lookOf(before)) at('page', request.path);
	before = request.path;
});
subscribe('http.client.response.finish', ({ request, response }) => {
	response.once('end', () => at('answer', request.path));
});

const isWrite = (sql) => !/^\s*(SELECT|PRAGMA|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)/i.test(sql);

/** The statements of a transaction that is under way, by connection. */
const transactions = new WeakMap();

function watchDatabase({ Database }) {
	for (const method of ['run', 'all', 'get', 'exec']) {
		const original = Database.prototype[method];
		Database.prototype[method] = function (sql, ...args) {
			const statements = transactions.get(this);
			if (/^\s*BEGIN/i.test(sql)) transactions.set(this, []);
			if (/^\s*(COMMIT|ROLLBACK)/i.test(sql)) transactions.delete(this);
			let done = '';
			if (isWrite(sql)) {
				at('write', sql);
				if (statements) statements.push(sql);
				else done = sql;
			} else if (/^\s*COMMIT/i.test(sql) && statements) done = statements.join('\n');
			if (done === '') return original.call(this, sql, ...args);
			at('commit', done);
			const last = args.length - 1;
			if (typeof args[last] === 'function') {
				const callback = args[last];
				args[last] = function (...results) {
					if (!results[0]) at('committed', done);
					return callback.apply(this, results);
				};
			}
			return original.call(this, sql, ...args);
		};
	}
}

const load = Module._load;
const seen = new WeakSet();
Module._load = function (request, ...rest) {
	const loaded = load.call(this, request, ...rest);
	if (request === 'sqlite3' && !seen.has(loaded)) {
		seen.add(loaded);
		watchDatabase(loaded);
	} else if (typeof request === 'string' && /Trigger\.node\.js$/.test(request)) {
		const { [path.basename(request, '.node.js')]: type } = loaded;
		if (type && type.prototype.poll && !seen.has(type)) {
			seen.add(type);
			const { poll } = type.prototype;
			type.prototype.poll = async function () {
				const items = await poll.call(this);
				if (items !== null) at('polled', type.name);
				return items;
			};
		}
	}
	return loaded;
};
