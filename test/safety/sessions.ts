/** 6: an account is logged in once, however many ask, and a fight over it is recognised. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { PASSWORD as CTRACK_PASSWORD } from '../../simulators/ctrack';
import { startProtrack, type ProtrackSimulator } from '../../simulators/protrack';
import { kitOf, type Simulator, startStocked } from '../hosts/vendor';
import { settingsOf, type Ask, type Hosts } from './hosts';
import type { Json, N8n, Workflow } from '../hosts/n8n';
import { startQueueMode } from './queue-mode';
import type { Sheet } from './sheet';

const WORKERS = 3;
const DEVICE = '358899051000001';
/** Requests a minute, and those that may follow each other at once: so long that a minute is full. */
const LIMIT = 30;
const BURST = 20;
const RUNS_AT_LIMIT = 60;
const askFor = (baseUrl: string): Ask => ({
	vendor: 'trackceo',
	baseUrl,
	operation: 'position.getCurrent',
	params: { devices: DEVICE },
	timeout: 60,
});
const logins = ({ requests }: Simulator | ProtrackSimulator, path = kitOf('trackceo').login) =>
	requests.filter((request) => path.test(request.path) && request.code === 0).length;

async function expiries(sheet: Sheet, { both }: Hosts): Promise<void> {
	await Promise.all(
		both.map(async (host) => {
			const simulator = await startProtrack({ brand: 'trackceo' });
			try {
				await host.ask([askFor(simulator.url)]);
				const before = logins(simulator);
				simulator.expireToken('demo');
				const told = await host.ask(
					Array.from({ length: 100 }, () => askFor(simulator.url)),
					{ width: 100 },
				);
				const failed = told.filter(({ records }) => records.length !== 1).length;
				sheet.part(
					'logins of 100 expiries at once',
					host.name,
					`${String(logins(simulator) - before)}, ${String(failed)} of 100 failed`,
					'1',
					logins(simulator) - before === 1 && failed === 0,
				);
			} finally {
				await simulator.close();
			}
		}),
	);
}

/** Two accounts that differ in what the login knows nothing of. */
async function units(sheet: Sheet, { both }: Hosts): Promise<void> {
	await Promise.all(
		both.map(async (host) => {
			const simulator: Simulator = await startStocked(kitOf('ctrack'));
			const ask: Ask = {
				vendor: 'ctrack',
				baseUrl: simulator.url,
				operation: 'position.getCurrentOfAll',
				params: {},
			};
			for (let round = 0; round < 3; round++) {
				await host.ask([ask]);
				await host.ask([{ ...ask, account: { speedUnit: 'mph', odometerUnit: 'mile' } }]);
			}
			const count = simulator.requests.filter(
				({ path, query }) => kitOf('ctrack').login.test(path) && query.Password === CTRACK_PASSWORD,
			).length;
			await simulator.close();
			sheet.part('logins of accounts that differ in units alone', host.name, String(count), '1', count === 1);
		}),
	);
}

/** Somebody else on the same host names the account too, with a password that is wrong. */
async function wrongBeside(sheet: Sheet, { both }: Hosts): Promise<void> {
	await Promise.all(
		both.map(async (host) => {
			const simulator = await startProtrack({ brand: 'trackceo' });
			try {
				const ask = askFor(simulator.url);
				const wrong: Ask = { ...ask, account: { secret: 'mistyped', rateLimit: 1 } };
				await host.ask([ask]);
				// The wrong login takes seconds, and the right runs begin meanwhile.
				simulator.fail({ kind: 'drip', everyMs: 60, match: '/api/authorization', times: Infinity });
				const [other, ...told] = await host.ask([wrong, ...Array.from({ length: 12 }, () => ask)], {
					width: 13,
				});
				const failed = told.filter(({ records }) => records.length !== 1).length;
				const named = other?.error?.includes('refuses the account or its password') === true;
				sheet.part(
					"runs beside another's wrong password",
					host.name,
					`${String(failed)} of 12 failed; the wrong one ${named ? 'is refused' : (other?.error ?? 'works')}`,
					'0, and the wrong one is refused',
					failed === 0 && named,
				);
			} finally {
				await simulator.close();
			}
		}),
	);
}

/** n8n and Node-RED as each other's second program. */
async function fight(sheet: Sheet, { both }: Hosts): Promise<void> {
	const simulator = await startProtrack({ brand: 'trackceo' });
	try {
		const began = performance.now();
		let named: { seconds: number; words: string } | undefined;
		let failed = 0;
		while (performance.now() - began < 150_000 && named === undefined) {
			for (const host of both) {
				const [told] = await host.ask([askFor(simulator.url)]);
				if (told?.error !== undefined) failed += 1;
				const words = /Another program is logging in[^"]*/.exec(told?.everything ?? '')?.[0];
				if (words !== undefined) named ??= { seconds: (performance.now() - began) / 1000, words };
			}
			await sleep(200);
		}
		const count = logins(simulator);
		if (named !== undefined) console.log(`        ${named.words}`);
		sheet.part(
			'a fight over one account',
			'n8n, Node-RED',
			`named after ${named?.seconds.toFixed(1) ?? 'no'} s, ${String(count)} logins and ${String(simulator.requests.length)} requests in all, ${String(failed)} runs failed`,
			'named within 150 s, at most 7 logins a minute and program',
			named !== undefined && named.seconds <= 150 && count <= 2 * 7 * Math.ceil(named.seconds / 60),
		);
	} finally {
		await simulator.close();
	}
}

/** A workflow that reads a position, for whoever asks. */
async function hooked(n8n: N8n, path: string, data: Json) {
	const { node, credential } = kitOf('trackceo').n8n;
	const { id, name } = await n8n.createCredential({ name: path, type: credential, data });
	const workflow = await n8n.createWorkflow({
		nodes: [
			{
				name: 'Hook',
				type: 'n8n-nodes-base.webhook',
				typeVersion: 2,
				parameters: { path, httpMethod: 'GET', responseMode: 'lastNode', options: {} },
				webhookId: randomUUID(),
			},
			{
				name: 'Fleet',
				type: `n8n-nodes-fleetwire.${node}`,
				parameters: {
					resource: 'position',
					operation: 'getCurrent',
					devices: { __rl: true, mode: 'id', value: DEVICE },
					options: {},
				},
				credentials: { [credential]: { id, name } },
			},
		],
	});
	await n8n.activate(workflow);
	return workflow;
}

async function queueMode(sheet: Sheet): Promise<void> {
	const simulator = await startProtrack({ brand: 'trackceo' });
	const other = await startProtrack({ brand: 'trackceo' });
	const queue = await startQueueMode(WORKERS);
	try {
		const { n8n } = queue;
		const settings = (account: Ask['account']) =>
			settingsOf({ vendor: 'trackceo', baseUrl: simulator.url, account });
		// One that may send commands and one that may not, as an operator would have it.
		const hooks = ['reads', 'commands'];
		const workflows: Workflow[] = [];
		for (const path of hooks)
			workflows.push(await hooked(n8n, path, settings({ allowCommands: path === 'commands' })));
		let failed = 0;
		const call = async (times: number, paths: readonly string[] = hooks) => {
			await Promise.all(
				Array.from({ length: times }, async (_, count) => {
					const answer = await fetch(`${n8n.url}/webhook/${paths[count % paths.length] ?? ''}`);
					const text = await answer.text();
					if (!answer.ok || !text.includes(`"deviceId":"${DEVICE}"`)) {
						failed += 1;
						if (failed < 4) console.log(`        ${String(answer.status)} ${text.slice(0, 300)}`);
					}
				}),
			);
		};
		// The first session is made and stored; from then on all workers have it.
		await call(1);
		await call(59);
		const counts: number[] = [];
		const tokens: number[] = [];
		for (let expiry = 0; expiry < 2; expiry++) {
			const before = logins(simulator);
			simulator.expireToken('demo');
			await call(90);
			counts.push(logins(simulator) - before);
			// By now they agree.
			const settled = simulator.requests.length;
			await call(45);
			tokens.push(
				new Set(simulator.requests.slice(settled).map(({ query }) => query.access_token ?? 'login')).size,
			);
		}
		for (const { id: workflowId } of workflows) {
			const filter = encodeURIComponent(JSON.stringify({ workflowId, status: ['error'] }));
			const { results } = (await n8n.rest('GET', `/executions?filter=${filter}&limit=3`)) as {
				results: { id: string }[];
			};
			for (const { id } of results)
				console.log(`        ${(await n8n.execution(id)).error?.message ?? 'no error'}`);
		}
		const most = 2 * hooks.length;
		const worked = queue.workers.filter(({ output }) => /Worker (started|finished) execution/i.test(output)).length;
		sheet.part(
			`logins of ${String(WORKERS)} workers and two credentials in queue mode`,
			'n8n',
			`${counts.join(' and ')} in two expiries under 90 runs each, then ${tokens.join(' and ')} token in use; ${String(failed)} of 330 runs failed; ${String(worked)} workers took part`,
			`at most ${String(most)} an expiry, converging on one token`,
			failed === 0 &&
				worked === WORKERS &&
				counts.every((count) => count >= 1 && count <= most) &&
				tokens.every((count) => count === 1),
		);
		failed = 0;
		const began = performance.now();
		await hooked(n8n, 'slow', settings({ baseUrl: other.url, rateLimit: LIMIT, processes: WORKERS }));
		await call(RUNS_AT_LIMIT, ['slow']);
		const sent = other.requests.filter(({ path }) => !kitOf('trackceo').login.test(path)).map(({ time }) => time);
		const inAMinute = Math.max(...sent.map((at) => sent.filter((each) => each >= at && each < at + 60_000).length));
		sheet.part(
			`requests of ${String(WORKERS)} workers in a minute, at a limit of ${String(LIMIT)}`,
			'n8n',
			`${String(inAMinute)} of ${String(sent.length)}, all through in ${String(Math.round((performance.now() - began) / 1000))} s; ${String(failed)} of ${String(RUNS_AT_LIMIT)} runs failed`,
			`at most ${String(LIMIT + BURST)}`,
			failed === 0 && sent.length >= RUNS_AT_LIMIT && inAMinute <= LIMIT + BURST,
		);
	} finally {
		await queue.stop();
		await simulator.close();
		await other.close();
	}
}

export async function sessions(sheet: Sheet, hosts: Hosts): Promise<void> {
	await expiries(sheet, hosts);
	await units(sheet, hosts);
	await wrongBeside(sheet, hosts);
	await fight(sheet, hosts);
	await queueMode(sheet);
}
