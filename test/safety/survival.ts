/** 11: neither host can be brought down, whatever reaches our nodes. */
import { randomOf } from '../support/mutations';
import type { Fields } from '../../core/describe/field';
import { fieldsOfTrigger } from '../../core/describe/trigger';
import { kitOf, nameOf, type Simulator, startStocked, VENDOR_NAMES } from '../hosts/vendor';
import { recordingOf } from '../support/recordings';
import { panelOf } from '../hosts/forms';
import { chain } from '../hosts/n8n';
import type { FlowNode } from '../hosts/node-red';
import { providerOf, settingsOf, sideBySide, type Hosts } from './hosts';
import type { Settings } from './main';
import type { Sheet } from './sheet';

const NASTY: readonly unknown[] = [
	'',
	' ',
	'x',
	'*',
	'-1',
	'1e999',
	'NaN',
	'__proto__',
	'constructor',
	'../..',
	'${PATH}',
	'\u0000',
	'\ud800',
	'😀',
	'<script>',
	0,
	-1,
	1.5,
	1e308,
	true,
	false,
	null,
	[],
	[[]],
	{},
	{ a: { b: [null] } },
	'x'.repeat(5000),
	'2026-02-30',
	'-24h',
	'now',
	['358899051000001'],
	'358899051000001',
];
/** What a hand-edited or damaged flow file can hold. */
const TYPES = [
	'str',
	'num',
	'bool',
	'json',
	'jsonata',
	'msg',
	'flow',
	'global',
	'env',
	'date',
	'bin',
	're',
	'list',
	'nonsense',
	'',
	7,
	null,
];
const EXPRESSIONS = [
	'$',
	'payload.',
	'$sum(',
	'$error("x")',
	'{{',
	'$eval("x")',
	'payload.a.b.c',
	'(function($f){$f($f)})',
];

type Pick = <T>(list: readonly T[]) => T;
const pickerOf =
	(random: () => number): Pick =>
	(list) =>
		list[Math.floor(random() * list.length)] as (typeof list)[number];

function messageOf(pick: Pick, random: () => number): Record<string, unknown> {
	const msg: Record<string, unknown> = { payload: pick(NASTY), topic: pick(NASTY) };
	for (const key of [
		'devices',
		'device',
		'begin',
		'end',
		'parts',
		'req',
		'res',
		'error',
		'statusCode',
		'headers',
		'_event',
		'imei',
	])
		if (random() < 0.3) msg[key] = pick(NASTY);
	return msg;
}

/** A node with some settings right, some wrong and some that there should not be. */
function configOf(vendor: string, index: number, pick: Pick, random: () => number): FlowNode {
	const operation = pick(providerOf(vendor).operations);
	const { simulated = {} } = recordingOf({ name: vendor }, nameOf(operation)) ?? {};
	const params: Record<string, unknown> = {};
	for (const name of Object.keys(operation.params as Fields)) {
		const kind = random();
		if (kind < 0.3)
			params[name] = {
				type: 'msg',
				value: pick(['payload', 'payload.a.b', 'devices', 'topic', '', 'x[', '__proto__.x']),
			};
		else if (kind < 0.5) params[name] = { type: 'str', value: simulated[name] ?? '' };
		else if (kind < 0.9)
			params[name] = { type: pick(TYPES), value: random() < 0.5 ? pick(EXPRESSIONS) : pick(NASTY) };
		else params[name] = pick(NASTY);
	}
	const odd = (value: unknown) => (random() < 0.1 ? pick(NASTY) : value);
	return {
		id: `node-${String(index)}`,
		type: `fleetwire-${vendor}`,
		z: 'tab',
		x: 100,
		y: 100,
		account: random() < 0.08 ? pick(['', 'missing', 'tab', 'odd-account']) : `account-${vendor}`,
		resource: odd(operation.resource),
		operation: odd(operation.name),
		params: random() < 0.05 ? pick(NASTY) : params,
		output: random() < 0.2 ? pick(NASTY) : pick(['simplified', 'raw', 'worldmap']),
		result: odd(pick(['message', 'record'])),
		limit: odd(pick(['', 1, '5'])),
		timeout: 1,
		version: 1,
		wires: [['out']],
	};
}

async function inNodeRed(
	sheet: Sheet,
	{ nodeRed }: Hosts,
	{ messages, seed }: Settings,
	simulators: Readonly<Record<string, Simulator>>,
): Promise<void> {
	const random = randomOf(seed);
	const pick = pickerOf(random);
	const NODES = 250;
	const rounds = Math.ceil(messages / NODES / 5);
	let [sent, ended, configurations, routes] = [0, 0, 0, 0];
	const before = nodeRed.uncaught();
	for (let round = 0; round < rounds; round++) {
		const accounts = VENDOR_NAMES.map((vendor): FlowNode => {
			const { secret: _, ...settings } = settingsOf({ vendor, baseUrl: simulators[vendor]?.url ?? '' });
			return { id: `account-${vendor}`, type: `fleetwire-${vendor}-account`, name: '', ...settings };
		});
		const odd: FlowNode = {
			id: 'odd-account',
			type: `fleetwire-${pick(VENDOR_NAMES)}-account`,
			name: pick(NASTY),
			baseUrl: pick(NASTY),
			account: pick(NASTY),
			rateLimit: pick(NASTY),
			allowCommands: pick(NASTY),
			timeZone: pick(NASTY),
			methodPaths: pick(NASTY),
			tls: pick(['', 'missing', 'tab']),
			proxy: pick(['', 'missing', 'tab']),
		};
		const nodes = Array.from({ length: NODES }, (_, index) => configOf(pick(VENDOR_NAMES), index, pick, random));
		const triggers = Array.from({ length: 25 }, (_, index): FlowNode => {
			const vendor = pick(VENDOR_NAMES);
			const trigger = pick(providerOf(vendor).triggers);
			const params = Object.fromEntries(
				Object.keys(fieldsOfTrigger(trigger)).map((name) => [
					name,
					random() < 0.5 ? { type: pick(TYPES), value: pick(NASTY) } : pick(NASTY),
				]),
			);
			return {
				id: `trigger-${String(index)}`,
				type: `fleetwire-${vendor}-trigger`,
				z: 'tab',
				x: 100,
				y: 200,
				account: random() < 0.7 ? `account-${vendor}` : 'odd-account',
				event: random() < 0.8 ? trigger.name : pick(NASTY),
				params: random() < 0.9 ? params : pick(NASTY),
				interval: pick(NASTY),
				store: pick(NASTY),
				result: pick(NASTY),
				version: 1,
				wires: [['out']],
			};
		});
		configurations += nodes.length + triggers.length + 1;
		const mark = await nodeRed.nodeRed.mark();
		await nodeRed.nodeRed.deploy(
			[
				{ id: 'tab', type: 'tab', label: 'fuzzed' },
				...accounts,
				odd,
				...nodes,
				...triggers,
				{ id: 'out', type: 'junction', z: 'tab', x: 300, y: 100, wires: [[]] },
				{
					id: 'catch',
					type: 'catch',
					z: 'tab',
					x: 300,
					y: 200,
					scope: nodes.map(({ id }) => id),
					uncaught: false,
					wires: [['ended']],
				},
				{
					id: 'complete',
					type: 'complete',
					z: 'tab',
					x: 300,
					y: 300,
					scope: nodes.map(({ id }) => id),
					uncaught: false,
					wires: [['ended']],
				},
				{ id: 'ended', type: 'test-probe', z: 'tab', x: 400, y: 200, wires: [] },
			],
			{
				credentials: Object.fromEntries(
					VENDOR_NAMES.map((vendor) => [`account-${vendor}`, { secret: kitOf(vendor).settings.secret }]),
				),
			},
		);
		const wanted = new Set<string>();
		await sideBySide(
			Array.from({ length: NODES * 5 }, (_, index) => index),
			32,
			async (index) => {
				const id = `${String(round)}-${String(index)}`;
				wanted.add(id);
				sent += 1;
				// Node-RED itself hands on only objects.
				await nodeRed.nodeRed.send(`node-${String(index % NODES)}`, { ...messageOf(pick, random), _msgid: id });
			},
		);
		const total = wanted.size;
		await nodeRed.nodeRed.collect(
			(records) => {
				for (const { msg } of records) wanted.delete(String(msg._msgid));
				return wanted.size === 0;
			},
			{ after: mark, timeoutMs: 60_000 },
		);
		ended += total - wanted.size;
		for (let count = 0; count < 20; count++) {
			const vendor = pick(VENDOR_NAMES);
			const body = {
				id: pick([`account-${vendor}`, 'odd-account', 'tab', ...NASTY]),
				settings:
					random() < 0.3
						? pick(NASTY)
						: {
								baseUrl: pick(NASTY),
								account: pick(NASTY),
								rateLimit: pick(NASTY),
								tls: pick(NASTY),
								proxy: pick(NASTY),
							},
				credentials: pick([...NASTY, { secret: pick(NASTY) }, { secret: '__PWRD__' }]),
			};
			await nodeRed.nodeRed
				.admin(
					'POST',
					`/fleetwire/${vendor}/${pick(['test', 'lookup/device', 'lookup/x', 'lookup/__proto__'])}`,
					{ body: random() < 0.1 ? pick(NASTY) : body },
				)
				.catch(() => undefined);
			routes += 1;
		}
	}
	const uncaught = nodeRed.uncaught() - before;
	sheet.part(
		'uncaught exceptions',
		'Node-RED',
		`${String(uncaught)} in ${sent.toLocaleString('en')} messages, ${configurations.toLocaleString('en')} configurations and ${String(routes)} calls of routes; ${ended.toLocaleString('en')} messages ended in done or an error`,
		`0 in ${messages.toLocaleString('en')}, each message ends`,
		uncaught === 0 && nodeRed.nodeRed.running && ended === sent && sent >= messages,
	);
}

async function inN8n(
	sheet: Sheet,
	{ n8n }: Hosts,
	{ messages, seed }: Settings,
	simulators: Readonly<Record<string, Simulator>>,
): Promise<void> {
	const random = randomOf(seed + 1);
	const pick = pickerOf(random);
	const ITEMS = 200;
	const before = n8n.uncaught();
	let [items, answered, odd] = [0, 0, 0];
	const credentials = {} as Record<string, { id: string; name: string }>;
	for (const vendor of VENDOR_NAMES)
		credentials[vendor] = await n8n.n8n.createCredential({
			name: vendor,
			type: kitOf(vendor).n8n.credential,
			data: settingsOf({ vendor, baseUrl: simulators[vendor]?.url ?? '' }),
		});
	const runs = Array.from({ length: Math.ceil(messages / ITEMS) }, () => {
		const vendor = pick(VENDOR_NAMES);
		const operation = pick(providerOf(vendor).operations);
		const { simulated = {} } = recordingOf({ name: vendor }, nameOf(operation)) ?? {};
		const params = Object.fromEntries(
			Object.keys(operation.params as Fields).map((name) => [
				name,
				random() < 0.5
					? simulated[name]
					: random() < 0.6
						? `={{ $json.${pick(['a', 'b', 'c.d.e'])} }}`
						: pick(NASTY),
			]),
		);
		const parameters: Record<string, unknown> = { ...panelOf(operation, params) };
		parameters.options = random() < 0.15 ? pick(NASTY) : { ...(parameters.options as object), timeout: 1 };
		if (random() < 0.1) parameters[pick(['resource', 'operation', 'output', 'limit', 'returnAll'])] = pick(NASTY);
		return {
			vendor,
			parameters,
			items: Array.from({ length: ITEMS }, () => ({ json: { a: pick(NASTY), b: pick(NASTY), c: pick(NASTY) } })),
		};
	});
	await sideBySide(runs, 6, async ({ vendor, parameters, items: given }) => {
		const { node, credential } = kitOf(vendor).n8n;
		const definition = {
			...chain(
				{ name: 'Items', type: 'n8n-nodes-base.noOp' },
				{
					name: 'Fleet',
					type: `n8n-nodes-fleetwire.${node}`,
					parameters,
					credentials: { [credential]: credentials[vendor] ?? { id: '', name: '' } },
					onError: 'continueRegularOutput',
				},
			),
			pinData: { Items: given },
		};
		const execution = await n8n.n8n.runWorkflow(definition, { everyMs: 250, timeoutMs: 300_000 });
		items += given.length;
		if (execution.status === 'success' || execution.error !== undefined) answered += given.length;
		else odd += 1;
	});
	const uncaught = n8n.uncaught() - before;
	sheet.part(
		'uncaught exceptions',
		'n8n',
		`${String(uncaught)} in ${items.toLocaleString('en')} items of ${String(runs.length)} executions; ${answered.toLocaleString('en')} answered, ${String(odd)} executions without an end`,
		`0 in ${messages.toLocaleString('en')}, each execution ends`,
		uncaught === 0 && n8n.n8n.running && items >= messages && odd === 0,
	);
}

export async function survival(sheet: Sheet, hosts: Hosts, settings: Settings): Promise<void> {
	const both = await Promise.all(
		[0, 1].map(async () => {
			const simulators = {} as Record<string, Simulator>;
			for (const vendor of VENDOR_NAMES) simulators[vendor] = await startStocked(kitOf(vendor));
			return simulators;
		}),
	);
	try {
		await Promise.all([
			inNodeRed(sheet, hosts, settings, both[0] as Record<string, Simulator>),
			inN8n(sheet, hosts, settings, both[1] as Record<string, Simulator>),
		]);
	} finally {
		await Promise.all(
			both.flatMap((simulators) => Object.values(simulators).map((simulator) => simulator.close())),
		);
	}
}
