/**
 * `npm run test:soak -- --minutes N [--seed S]`: both hosts, every event of every vendor, reads and messages, while 20
 * % of all requests meet a fault. At the end nothing is lost and nothing was done twice, the memory is level, and no
 * connection is left.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../../core/call/client';
import { readFields, type Fields } from '../../core/describe/field';
import type { Connection } from '../../core/describe/connection';
import { sourceOf, type AnyTrigger } from '../../core/describe/trigger';
import { startFaultProxy, type FaultProxy } from '../../simulators/fault-proxy';
import type { Credential } from '../hosts/n8n';
import type { FlowNode } from '../hosts/node-red';
import { until } from '../hosts/process';
import { kitOf, nameOf, VENDOR_NAMES, type Simulator } from '../hosts/vendor';
import { FetchHost } from '../support/fetch-host';
import { streamRecords } from '../support/stream-records';
import { memoryOf, providerOf, settingsOf, startHosts, type Hosts } from './hosts';
import { Sheet, tableOf } from './sheet';

const SHARE = 0.2;
const POLL_SECONDS = 10;
/** After the faults: n8n polls once a minute, and one poll may not be enough. */
const CATCH_UP_MS = 100_000;
/** The vendors' time runs faster, so that enough happens. */
const HASTE = 10;
const WARM_UP_MS = 30_000;
/** One of the vendors' reads, which each host makes all the time: positions of all where another vendor's is a list. */
const readOf = (vendor: string) =>
	VENDOR_NAMES.indexOf(vendor) % 2 === 0 ? kitOf(vendor).read : nameOf(providerOf(vendor).positions!.operation);
/** Those who can be sent texts, of which the simulator knows what arrived. */
const MESSENGERS = VENDOR_NAMES.filter((vendor) =>
	providerOf(vendor).operations.some((operation) => nameOf(operation) === 'message.send'),
);

type HostName = 'n8n' | 'Node-RED';
const HOST_NAMES: readonly HostName[] = ['n8n', 'Node-RED'];

/** A simulator of each vendor for each host: two programs on one account would be a fight. */
async function startSimulators(clock: () => number): Promise<ReadonlyMap<string, Simulator>> {
	const all = new Map<string, Simulator>();
	for (const vendor of VENDOR_NAMES) all.set(vendor, await kitOf(vendor).start({ clock, anyTime: true }));
	return all;
}

interface Phases {
	/** All triggers of a host run. */
	started(host: HostName): void;
	/** No new work from here on. */
	stop: AbortSignal;
	/** Triggers have had their time. */
	finished: AbortSignal;
}

interface Side {
	name: HostName;
	simulators: ReadonlyMap<string, Simulator>;
	/** By trigger, how often each event was delivered. */
	delivered: Map<string, Map<string, number>>;
	/** Outcome of each message that was sent. */
	outcomes: ReadonlyMap<string, Map<string, string>>;
	runs: number;
	failed: number;
}

/** A vendor's event, and the name that what it delivers goes by here. */
interface Watched {
	key: string;
	vendor: string;
	trigger: AnyTrigger;
}

const TRIGGERS: readonly Watched[] = VENDOR_NAMES.flatMap((vendor) =>
	providerOf(vendor).triggers.map((trigger) => ({ key: `${vendor}.${trigger.name}`, vendor, trigger })),
);

function newSide(name: HostName, simulators: ReadonlyMap<string, Simulator>): Side {
	return {
		name,
		simulators,
		delivered: new Map(TRIGGERS.map(({ key }) => [key, new Map<string, number>()])),
		outcomes: new Map(MESSENGERS.map((vendor) => [vendor, new Map<string, string>()])),
		runs: 0,
		failed: 0,
	};
}

const baseUrlOf = (proxy: FaultProxy, side: Side, vendor: string) => proxy.url(`${side.name}-${vendor}`);
/** A queue's messages are known by device and time, as the simulator knows nothing of our ids. */
const messageName = (deviceId: unknown, time: unknown) => `${String(deviceId)} ${String(Date.parse(String(time)))}`;

function took(side: Side, key: string, event: Record<string, unknown>): void {
	const found = side.delivered.get(key) ?? new Map<string, number>();
	const name = key.endsWith('.queueMessage') ? messageName(event.deviceId, event.time) : String(event.id);
	found.set(name, (found.get(name) ?? 0) + 1);
}

/** Node-RED's triggers run by themselves; messages make its other nodes work. */
async function runNodeRed(
	{ nodeRed: { nodeRed } }: Hosts,
	proxy: FaultProxy,
	side: Side,
	{ started, stop, finished }: Phases,
): Promise<void> {
	const place = { z: 'tab', x: 100, y: 100 };
	const flows: FlowNode[] = [{ id: 'tab', type: 'tab', label: 'soak' }];
	const credentials: Record<string, Record<string, unknown>> = {};
	for (const vendor of VENDOR_NAMES) {
		const { secret, ...settings } = settingsOf({ vendor, baseUrl: baseUrlOf(proxy, side, vendor) });
		credentials[`account-${vendor}`] = { secret };
		const [resource, operation] = readOf(vendor).split('.');
		const common = { ...place, account: `account-${vendor}`, version: 1 };
		flows.push(
			{ id: `account-${vendor}`, type: `fleetwire-${vendor}-account`, name: '', ...settings },
			{
				...common,
				id: `read-${vendor}`,
				type: `fleetwire-${vendor}`,
				resource,
				operation,
				params: { devices: { type: 'list', value: '*' } },
				output: 'simplified',
				result: 'message',
				limit: '',
				timeout: 20,
				wires: [[]],
			},
		);
	}
	for (const { key, vendor, trigger } of TRIGGERS) {
		flows.push(
			{
				...place,
				id: `trigger-${key}`,
				type: `fleetwire-${vendor}-trigger`,
				account: `account-${vendor}`,
				version: 1,
				event: trigger.name,
				params: trigger.queue ? {} : { devices: { type: 'list', value: '*' } },
				interval: POLL_SECONDS,
				output: 'simplified',
				result: 'record',
				store: '',
				wires: [[`events-${key}`]],
			},
			{ id: `events-${key}`, type: 'test-probe', ...place, wires: [] },
		);
	}
	for (const vendor of MESSENGERS) {
		flows.push(
			{
				...place,
				id: `write-${vendor}`,
				type: `fleetwire-${vendor}`,
				account: `account-${vendor}`,
				version: 1,
				resource: 'message',
				operation: 'send',
				params: { accounts: { type: 'str', value: 'demo' }, content: { type: 'msg', value: 'payload' } },
				output: 'simplified',
				result: 'message',
				limit: '',
				timeout: 20,
				wires: [[`outcome-${vendor}`]],
			},
			{ id: `outcome-${vendor}`, type: 'test-probe', ...place, wires: [] },
		);
	}
	const watched = [
		...VENDOR_NAMES.map((vendor) => `read-${vendor}`),
		...MESSENGERS.map((vendor) => `write-${vendor}`),
	];
	flows.push(
		{ id: 'catch', type: 'catch', ...place, scope: watched, uncaught: false, wires: [['caught']] },
		{ id: 'complete', type: 'complete', ...place, scope: watched, uncaught: false, wires: [['done']] },
		{ id: 'caught', type: 'test-probe', ...place, wires: [] },
		{ id: 'done', type: 'test-probe', ...place, wires: [] },
	);
	let after = await nodeRed.mark();
	await nodeRed.deploy(flows, { credentials });
	started(side.name);
	const waiting = new Set<string>();
	const contents = new Map<string, { vendor: string; content: string }>();
	const take = async () => {
		for (const { seq, probe, msg } of await nodeRed.received({ after })) {
			after = seq;
			const id = String(msg._msgid);
			if (probe.startsWith('events-')) took(side, probe.slice(7), msg.payload as Record<string, unknown>);
			if (probe === 'done' || probe === 'caught') waiting.delete(id);
			if (probe === 'caught') side.failed += 1;
			const sent = contents.get(id);
			if (sent !== undefined && probe.startsWith('outcome-'))
				side.outcomes
					.get(sent.vendor)
					?.set(sent.content, String((msg.payload as { outcome?: string }).outcome));
		}
	};
	for (let round = 0; !stop.aborted; round++) {
		for (const vendor of VENDOR_NAMES) {
			waiting.add(await nodeRed.send(`read-${vendor}`, { payload: round }));
			side.runs += 1;
		}
		for (const vendor of MESSENGERS) {
			const content = `node-red ${vendor} ${String(round)}`;
			const id = await nodeRed.send(`write-${vendor}`, {
				payload: content,
				_msgid: `write-${vendor}-${String(round)}`,
			});
			contents.set(id, { vendor, content });
			side.outcomes.get(vendor)?.set(content, 'none');
			waiting.add(id);
			side.runs += 1;
		}
		await take();
		await sleep(1500);
	}
	// Every message has an end.
	await until(
		"Node-RED's messages to end",
		async () => {
			await take();
			return waiting.size === 0;
		},
		{ timeoutMs: 60_000, everyMs: 250 },
	);
	while (!finished.aborted) {
		await take();
		await sleep(250);
	}
	await nodeRed.deploy([{ id: 'tab', type: 'tab', label: 'empty' }]);
}

/** n8n's triggers start workflows whose last node tells us; other workflows are run by hand. */
async function runN8n(
	{ n8n: host }: Hosts,
	proxy: FaultProxy,
	side: Side,
	{ started, stop, finished }: Phases,
): Promise<void> {
	const { n8n } = host;
	const collector = createServer((request, response) => {
		const { searchParams } = new URL(request.url ?? '', 'http://collector');
		took(side, searchParams.get('key') ?? '', Object.fromEntries(searchParams));
		response.setHeader('content-type', 'application/json').end('{}');
	});
	await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
	const url = `http://127.0.0.1:${String((collector.address() as AddressInfo).port)}/`;
	const active: { id: string }[] = [];
	try {
		const credentials = new Map<string, Credential>();
		for (const vendor of VENDOR_NAMES)
			credentials.set(
				vendor,
				await n8n.createCredential({
					name: vendor,
					type: kitOf(vendor).n8n.credential,
					data: settingsOf({ vendor, baseUrl: baseUrlOf(proxy, side, vendor) }),
				}),
			);
		const query = ['id', 'deviceId', 'time'].map((name) => ({ name, value: `={{ $json.${name} }}` }));
		for (const { key, vendor, trigger } of TRIGGERS) {
			const { node, credential } = kitOf(vendor).n8n;
			const { id = '', name = '' } = credentials.get(vendor) ?? {};
			const what = trigger.queue
				? { type: `n8n-nodes-fleetwire.${node}QueueTrigger`, parameters: { queue: 'positions', options: {} } }
				: {
						type: `n8n-nodes-fleetwire.${node}Trigger`,
						parameters: {
							event: trigger.name,
							devices: { __rl: true, mode: 'id', value: '*' },
							pollTimes: { item: [{ mode: 'everyMinute' }] },
						},
					};
			const workflow = await n8n.createWorkflow({
				nodes: [
					{ name: 'Trigger', ...what, credentials: { [credential]: { id, name } } },
					{
						name: 'Tell',
						type: 'n8n-nodes-base.httpRequest',
						typeVersion: 4.2,
						parameters: {
							url,
							sendQuery: true,
							queryParameters: { parameters: [{ name: 'key', value: key }, ...query] },
							options: {},
						},
					},
				],
			});
			active.push(workflow);
		}
		// A first poll that meets a fault refuses the activation, as it tells who activates it by hand.
		for (const workflow of active)
			await until('a trigger to be switched on', async () => await n8n.activate(workflow), {
				timeoutMs: 120_000,
				everyMs: 1000,
			});
		started(side.name);
		for (let round = 0; !stop.aborted; round++) {
			const reads = VENDOR_NAMES.map((vendor) => ({
				vendor,
				baseUrl: baseUrlOf(proxy, side, vendor),
				operation: readOf(vendor),
				params: { devices: '*' },
				timeout: 20,
			}));
			const writes = MESSENGERS.map((vendor) => ({
				vendor,
				baseUrl: baseUrlOf(proxy, side, vendor),
				operation: 'message.send',
				params: { accounts: 'demo', content: `n8n ${vendor} ${String(round)}` },
				timeout: 20,
			}));
			const told = await host.ask([...reads, ...writes], { width: 7 });
			side.runs += told.length;
			side.failed += told.filter(({ error }) => error !== undefined).length;
			for (const [
				index,
				{
					vendor,
					params: { content },
				},
			] of writes.entries())
				side.outcomes
					.get(vendor)
					?.set(
						content,
						(told[reads.length + index]?.records[0] as { outcome?: string } | undefined)?.outcome ?? 'none',
					);
			await sleep(1000);
		}
		while (!finished.aborted) await sleep(250);
	} finally {
		for (const workflow of active) await n8n.deactivate(workflow);
		await new Promise((resolve) => collector.close(resolve));
	}
}

/**
 * What must be delivered of a period, asked of the vendors without anything in between: by trigger, the events of its
 * streams and queues. A watch tells what it saw change between two looks of its own, so that nobody else knows what it
 * must tell.
 */
async function dueOf(side: Side, begin: number, end: number): Promise<Map<string, string[]>> {
	const due = new Map<string, string[]>();
	for (const { key, vendor, trigger } of TRIGGERS) {
		const simulator = side.simulators.get(vendor);
		if (simulator === undefined) continue;
		if (trigger.queue) {
			due.set(
				key,
				(simulator.queued?.() ?? [])
					.filter(({ time }) => time >= begin && time <= end)
					.map(({ deviceId, time }) => messageName(deviceId, new Date(time).toISOString())),
			);
			continue;
		}
		const provider = providerOf(vendor);
		const params = readFields(trigger.params as Fields, {}, { now: Date.now(), timeZone: 'UTC' });
		const source = sourceOf(trigger, params);
		if (source.type !== 'stream') continue;
		const connection = readFields(
			provider.connection as Fields,
			settingsOf({ vendor, baseUrl: simulator.url, account: { rateLimit: 59_999 } }),
			{ now: Date.now(), timeZone: 'UTC' },
		) as unknown as Connection;
		let passed = 0;
		const client = new Client(
			provider,
			connection,
			new FetchHost(provider, connection, {
				now: () => simulator.now() + passed,
				pass: (ms) => (passed += ms),
			}),
		);
		due.set(key, await streamRecords(client, source, params, { from: begin, to: end }));
	}
	return due;
}

async function main(): Promise<void> {
	const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' } } });
	const minutes = Number(values.minutes);
	if (!(minutes > 0)) throw new Error('--minutes takes a number');
	const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed);
	const began = Date.now();
	const clock = () => began + (Date.now() - began) * HASTE;
	const sides = [newSide('n8n', await startSimulators(clock)), newSide('Node-RED', await startSimulators(clock))];
	const proxy = await startFaultProxy({
		seed,
		share: SHARE,
		targets: Object.fromEntries(
			sides.flatMap(({ name, simulators }) =>
				[...simulators].map(([vendor, { url }]) => [`${name}-${vendor}`, url] as const),
			),
		),
	});
	const hosts = await startHosts();
	console.log(`soak: ${String(minutes)} minutes, seed ${String(seed)}, ${String(SHARE * 100)} % faults`);
	const sheet = new Sheet(0, 'Soak');
	try {
		const [stop, finished] = [new AbortController(), new AbortController()];
		const waitedFor = new Set<HostName>(HOST_NAMES);
		const phases: Phases = {
			started: (host) => waitedFor.delete(host),
			stop: stop.signal,
			finished: finished.signal,
		};
		const working = Promise.all([
			runN8n(hosts, proxy, sides[0] as Side, phases),
			runNodeRed(hosts, proxy, sides[1] as Side, phases),
		]);
		let broken: unknown;
		working.catch((error: unknown) => {
			broken = error;
			stop.abort();
		});
		await until('all triggers to run', () => broken !== undefined || waitedFor.size === 0, {
			timeoutMs: 300_000,
			everyMs: 250,
		});
		const total = minutes * 60_000;
		await sleep(Math.min(WARM_UP_MS, total / 3), undefined, { signal: stop.signal }).catch(() => undefined);
		const from = clock();
		const before = new Map(
			await Promise.all(hosts.both.map(async (host) => [host.name, (await memoryOf(host)).used] as const)),
		);
		await sleep(Math.max(1000, total - Math.min(WARM_UP_MS, total / 3)), undefined, { signal: stop.signal }).catch(
			() => undefined,
		);
		const to = clock();
		proxy.calm();
		stop.abort();
		const due = new Map<Side, Map<string, string[]>>();
		for (const side of sides) due.set(side, await dueOf(side, from, to));
		const missingOf = (side: Side) =>
			[...(due.get(side) ?? [])].flatMap(([key, ids]) =>
				ids.filter((id) => side.delivered.get(key)?.has(id) !== true).map((id) => `${key} ${id}`),
			);
		await until(
			'all events to be delivered',
			() => broken !== undefined || sides.every((side) => missingOf(side).length === 0),
			{ timeoutMs: CATCH_UP_MS, everyMs: 500 },
		).catch(() => undefined);
		finished.abort();
		await working;
		for (const side of sides) {
			const missing = missingOf(side);
			for (const event of missing.slice(0, 5)) console.log(`        ${side.name}: never delivered ${event}`);
			const there = [...(due.get(side)?.values() ?? [])].reduce((sum, ids) => sum + ids.length, 0);
			const twice = [...side.delivered].flatMap(([key, found]) =>
				[...found].filter(([, count]) => count > 1).map(([id]) => `${key} ${id}`),
			);
			for (const event of twice.slice(0, 5)) console.log(`        ${side.name}: delivered twice ${event}`);
			// Of each vendor something has come, unless its events are hours apart.
			const silent = VENDOR_NAMES.filter(
				(vendor) =>
					!kitOf(vendor).rareEvents &&
					TRIGGERS.every((one) => one.vendor !== vendor || side.delivered.get(one.key)?.size === 0),
			);
			for (const vendor of silent) console.log(`        ${side.name}: nothing of ${vendor} was delivered`);
			const all = [...side.delivered.values()].reduce((sum, found) => sum + found.size, 0);
			console.log(
				`        ${side.name}: ${[...side.delivered].map(([key, found]) => `${key} ${String(found.size)}`).join(', ')}`,
			);
			sheet.part(
				'events lost',
				side.name,
				`${String(missing.length)} of ${String(there)} that must come; ${String(twice.length)} of ${String(all)} delivered twice, of ${String(TRIGGERS.length)} triggers`,
				'none lost, none twice',
				missing.length === 0 && twice.length === 0 && there > 0 && silent.length === 0,
			);
			const wrong: string[] = [];
			let messages = 0;
			for (const vendor of MESSENGERS) {
				const arrived = new Map<string, number>();
				for (const content of side.simulators.get(vendor)?.messages?.() ?? [])
					arrived.set(content, (arrived.get(content) ?? 0) + 1);
				for (const [content, outcome] of side.outcomes.get(vendor) ?? []) {
					messages += 1;
					const count = arrived.get(content) ?? 0;
					if (count > 1 || (outcome === 'confirmed' && count !== 1) || (outcome === 'none' && count !== 0))
						wrong.push(`${content}: ${outcome}, arrived ${String(count)} times`);
				}
			}
			for (const line of wrong.slice(0, 5)) console.log(`        ${side.name}: ${line}`);
			sheet.part(
				'messages done twice, or otherwise than told',
				side.name,
				`${String(wrong.length)} of ${String(messages)} (${String(side.runs)} runs, ${String(side.failed)} of them failed in words)`,
				'none',
				wrong.length === 0 && messages > 0,
			);
		}
		await until('connections to be closed', async () => (await proxy.connections()) === 0, {
			timeoutMs: 60_000,
			everyMs: 500,
		}).catch(() => undefined);
		const open = await proxy.connections();
		sheet.part('connections left open', 'n8n, Node-RED', String(open), '0', open === 0);
		for (const host of hosts.both) {
			const { used } = await memoryOf(host);
			const grown = used - (before.get(host.name) ?? 0);
			sheet.part(
				'growth of memory in use',
				host.name,
				`${grown.toFixed(0)} MB, to ${used.toFixed(0)} MB`,
				'at most 30 MB',
				grown <= 30,
			);
			sheet.part('uncaught exceptions', host.name, String(host.uncaught()), '0', host.uncaught() === 0);
		}
		const kinds = new Map<string, number>();
		for (const { fate } of proxy.struck) kinds.set(fate, (kinds.get(fate) ?? 0) + 1);
		console.log(
			`        ${String(proxy.requests)} requests, ${String(proxy.struck.length)} met a fault: ${[...kinds].map(([fate, count]) => `${fate} ${String(count)}`).join(', ')}`,
		);
	} catch (error) {
		console.error(error);
		for (const host of hosts.both) console.error(`--- end of ${host.name}'s log ---\n${host.logs().slice(-3000)}`);
		sheet.part(
			'the soak',
			HOST_NAMES.join(', '),
			error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error),
			'comes to its end',
			false,
		);
	} finally {
		await hosts.stop();
		await proxy.close();
		await Promise.all(
			sides.flatMap(({ simulators }) => [...simulators.values()].map((simulator) => simulator.close())),
		);
	}
	sheet.end();
	console.log(`\n${tableOf([sheet])}`);
	if (!sheet.ok) console.log(proxy.plan());
	process.exit(sheet.ok ? 0 : 1);
}

main().catch((error: unknown) => {
	console.error(error);
	process.exit(1);
});
