/**
 * Loaded into a host before anything else (NODE_OPTIONS). It tells what would have ended the process and, at SIGWINCH,
 * the memory in use and for how long it did nothing else at most since it last told, and answers for names below .test
 * as FLEETWIRE_TEST_NAMES says: {"<name>": {"addresses": [...], "delayMs": 0}}.
 */
'use strict';
const dns = require('node:dns');
const v8 = require('node:v8');
const vm = require('node:vm');

process.on('uncaughtExceptionMonitor', (error, origin) => {
	process.stderr.write(`FLEETWIRE-UNCAUGHT ${origin} ${error && error.stack}\n`);
});
const emit = process.emit;
process.emit = function (name, ...args) {
	if (name === 'unhandledRejection') process.stderr.write(`FLEETWIRE-UNHANDLED ${args[0] && args[0].stack}\n`);
	return emit.call(this, name, ...args);
};

// On request it says what is really in use: how much garbage lies about is the engine's affair.
v8.setFlagsFromString('--expose-gc');
const collect = vm.runInNewContext('gc');
// In time of the processor, which other programs cannot lengthen: what is spent between two turns was spent at one
// thing, or at little ones.
let [before, busiest] = [process.threadCpuUsage(), 0];
const spent = () => {
	const now = process.threadCpuUsage();
	busiest = Math.max(busiest, (now.user + now.system - before.user - before.system) / 1000);
	before = now;
};
setInterval(spent, 5).unref();
process.on('SIGWINCH', () => {
	spent();
	const busy = busiest;
	collect();
	const { heapUsed, external, rss } = process.memoryUsage();
	process.stderr.write(`FLEETWIRE-MEMORY ${JSON.stringify({ used: heapUsed + external, rss, busy })}\n`);
	[before, busiest] = [process.threadCpuUsage(), 0];
});

const names = JSON.parse(process.env.FLEETWIRE_TEST_NAMES || '{}');
const { lookup } = dns;

function answer(found, options) {
	const all = found.addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
	return options && options.all ? [all] : [all[0].address, all[0].family];
}

dns.lookup = function (hostname, options, callback) {
	const found = names[hostname];
	if (!found) return lookup.call(dns, hostname, options, callback);
	process.stderr.write(`FLEETWIRE-LOOKUP ${hostname} ${Date.now()}\n`);
	const done = typeof options === 'function' ? options : callback;
	setTimeout(() => done(null, ...answer(found, typeof options === 'object' ? options : {})), found.delayMs || 0);
	return undefined;
};
const { lookup: promised } = dns.promises;
dns.promises.lookup = async function (hostname, options) {
	const found = names[hostname];
	if (!found) return await promised.call(dns.promises, hostname, options);
	process.stderr.write(`FLEETWIRE-LOOKUP ${hostname} ${Date.now()}\n`);
	await new Promise((resolve) => setTimeout(resolve, found.delayMs || 0));
	const [address, family] = answer(found, options || {});
	return family === undefined ? address : { address, family };
};
