/**
 * Loaded into n8n before anything else (NODE_OPTIONS): its database refuses to store new executions, as a full disk
 * does, for as long as the file is there that FLEETWIRE_FULL names.
 */
'use strict';
const fs = require('node:fs');
const Module = require('node:module');

const isFull = (sql) =>
	/^\s*INSERT INTO "execution_entity"/i.test(sql) && fs.existsSync(process.env.FLEETWIRE_FULL || '');

function fill({ Database }) {
	for (const method of ['run', 'all', 'get', 'exec']) {
		const original = Database.prototype[method];
		Database.prototype[method] = function (sql, ...args) {
			const callback = args.at(-1);
			if (!isFull(sql) || typeof callback !== 'function') return original.call(this, sql, ...args);
			const error = Object.assign(new Error('SQLITE_FULL: database or disk is full'), {
				code: 'SQLITE_FULL',
				errno: 13,
			});
			process.nextTick(() => callback.call(this, error));
			return this;
		};
	}
}

const load = Module._load;
const seen = new WeakSet();
Module._load = function (request, ...rest) {
	const loaded = load.call(this, request, ...rest);
	if (request === 'sqlite3' && !seen.has(loaded)) {
		seen.add(loaded);
		fill(loaded);
	}
	return loaded;
};
