/**
 * Loaded into a host before anything else (NODE_OPTIONS). It tells what would have ended the process and, at SIGWINCH,
 * the memory in use and for how long it did nothing else at most since it last told. It answers for names below .test
 * as FLEETWIRE_TEST_NAMES says: {"<name>": {"addresses": [...], "delayMs": 0}}, and tells which of the addresses a
 * connection may use; the connection itself stays on this machine.
 */
'use strict';
const dns = require('node:dns');
const net = require('node:net');
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

const { connect } = net;
net.connect = function (options, ...rest) {
	if (!names[options && options.host] || typeof options.lookup !== 'function')
		return connect.call(net, options, ...rest);
	const resolve = options.lookup;
	const own = (hostname, wanted, callback) =>
		resolve(hostname, wanted, (error, found, family) => {
			if (error) return callback(error);
			const addresses = Array.isArray(found) ? found.map(({ address }) => address) : [found];
			process.stderr.write(`FLEETWIRE-ADDRESSES ${hostname} ${addresses.join()}\n`);
			return Array.isArray(found)
				? callback(null, [{ address: '127.0.0.1', family: 4 }])
				: callback(null, '127.0.0.1', family && 4);
		});
	return connect.call(net, { ...options, lookup: own }, ...rest);
};
