/** 9: whatever a vendor sends is data: prototypes stay as they are, and texts are texts. */
import { Client } from '../../core/call/client';
import { FleetError } from '../../core/describe/errors';
import { openBrowser, openN8nNode, openN8nWorkflow, openNodeRedEditor } from '../hosts/browser';
import { chain } from '../hosts/n8n';
import { kitOf, nameOf, VENDOR_NAMES } from '../hosts/vendor';
import { connectionOf, recordingOf } from '../support/recordings';
import { json, TestHost } from '../support/test-host';
import { providerOf, settingsOf, type Hosts } from './hosts';
import { afterLogin, serve } from './servers';
import type { Sheet } from './sheet';

const HTML = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';
/** Words of a vendor that would be a link, and in a terminal another line. */
const WORDS = `Session over. <a href="https://evil.example/login">Log in</a> https://evil.example/plain &lt;b&gt; \u001b[2J\u001b]0;forged\u0007\r\n26 Nov 21:00:00 - [info] [forged] Started flows ${HTML}`;
const DEEP = `${'{"a":['.repeat(100)}1${']}'.repeat(100)}`;
const LONG = 'k'.repeat(10 * 1024 * 1024);

/** Each leaf of an answer in turn is replaced by text; the answer stays JSON, or not. */
const HOSTILE: Readonly<Record<string, string>> = {
	__proto__: '{"__proto__":{"polluted":1},"a":1}',
	constructor: '{"constructor":{"prototype":{"polluted":1}}}',
	'name of a method': '"constructor"',
	'100 levels': DEEP,
	NaN: 'NaN',
	1e400: '1e400',
	'-1e400': '-1e400',
	'lone surrogate': '"\\ud800"',
	html: JSON.stringify(HTML),
	null: 'null',
	'empty list': '[]',
};

/** The answer as text, with what stands at each of its places replaced in turn. */
function* replaced(answer: unknown, by: string): Generator<string> {
	const places: (string | number)[][] = [];
	const walk = (value: unknown, path: (string | number)[]) => {
		places.push(path);
		if (typeof value !== 'object' || value === null || path.length > 6) return;
		for (const key of Object.keys(value).slice(0, 40))
			walk((value as Record<string, unknown>)[key], [...path, key]);
	};
	walk(answer, []);
	for (const path of places) {
		const copy = { root: structuredClone(answer) } as Record<string, unknown>;
		let parent = copy;
		let key: string | number = 'root';
		for (const step of path) {
			parent = parent[key] as Record<string, unknown>;
			key = step;
		}
		parent[key] = '\u0001here\u0001';
		yield JSON.stringify(copy.root).split(JSON.stringify('\u0001here\u0001')).join(by);
	}
}

function badNumber(value: unknown): boolean {
	if (typeof value === 'number') return !Number.isFinite(value);
	return typeof value === 'object' && value !== null && Object.values(value).some(badNumber);
}

async function inCore(sheet: Sheet): Promise<void> {
	let [tried, crashed, numbers, polluted] = [0, 0, 0, 0];
	const before = Object.getOwnPropertyNames(Object.prototype).sort().join();
	for (const vendor of VENDOR_NAMES) {
		const provider = providerOf(vendor);
		for (const operation of provider.operations) {
			const recorded = recordingOf({ name: vendor }, nameOf(operation));
			const [first] = recorded?.exchanges ?? [];
			if (recorded === undefined || first === undefined) continue;
			const run = async (text: string) => {
				tried += 1;
				const client = new Client(
					provider,
					{ ...connectionOf(provider), account: `hostile-${String(tried)}` },
					new TestHost(() => json(text)),
				);
				try {
					const records = await client.collect(operation, recorded.params, { deadlineMs: 1 });
					// What is passed on as it came, such as a message that cannot be simplified, may hold what JSON
					// makes of 1e400.
					if (operation.kind !== 'other' && operation.kind !== 'message' && records.some(badNumber)) {
						numbers += 1;
						if (numbers <= 5)
							console.log(
								`        ${vendor} ${nameOf(operation)}: a number that is none, from ${text.slice(0, 300)}`,
							);
					}
				} catch (error) {
					if (!(error instanceof FleetError) || error.message.includes('did not expect')) {
						crashed += 1;
						console.log(
							`        ${vendor} ${nameOf(operation)}: ${(error as Error).message.slice(0, 200)} ${text.slice(0, 100)}`,
						);
					}
				}
				if ('polluted' in {} || Object.getOwnPropertyNames(Object.prototype).sort().join() !== before)
					polluted += 1;
			};
			for (const by of Object.values(HOSTILE)) for (const text of replaced(first.response, by)) await run(text);
			if (operation === provider.operations[0])
				for (const text of [
					`{"${LONG}":1}`,
					`{"code":0,"record":[{"${LONG}":1}]}`,
					`{"Code":200,"Data":{"${LONG}":1}}`,
				])
					await run(text);
		}
	}
	sheet.part(
		'hostile answers',
		'core',
		`${tried.toLocaleString('en')} of all operations: ${String(polluted)} changed a prototype, ${String(crashed)} met no error of ours, ${String(numbers)} left a number that is none`,
		'none',
		polluted + crashed + numbers === 0 && tried > 10_000,
	);
}

async function inEditors(sheet: Sheet, { n8n, nodeRed }: Hosts): Promise<void> {
	const devices = Array.from({ length: 3 }, (_, index) => ({
		imei: `35889905100000${String(index)}`,
		devicename: `${HTML}${String(index)}`,
		platenumber: HTML,
		devicetype: HTML,
	}));
	const server = await serve(
		afterLogin('trackceo', kitOf('trackceo').login, (request, response) => {
			const { pathname } = new URL(request.url ?? '', 'http://vendor');
			const record =
				pathname === '/api/track'
					? devices.map(({ imei }) => ({
							imei,
							longitude: 26,
							latitude: 44,
							gpstime: 1_700_000_000,
							speed: 10,
							course: 1,
							hearttime: 1_700_000_000,
							datastatus: 2,
						}))
					: pathname === '/api/user/list'
						? [{ account: HTML, showname: HTML }]
						: devices;
			response.end(
				JSON.stringify(pathname === '/api/user/info' ? { code: 20_005, message: WORDS } : { code: 0, record }),
			);
		}),
	);
	const browser = await openBrowser();
	try {
		const { secret, ...settings } = settingsOf({ vendor: 'trackceo', baseUrl: server.url });
		const node = {
			type: 'fleetwire-trackceo',
			z: 'tab',
			account: 'account',
			resource: 'position',
			operation: 'getCurrent',
			params: { devices: { type: 'list', value: '' } },
			output: 'worldmap',
			result: 'record',
			limit: '',
			timeout: '',
			version: 1,
			wires: [['out']],
		};
		await nodeRed.nodeRed.deploy(
			[
				{ id: 'tab', type: 'tab', label: 'hostile' },
				{ id: 'account', type: 'fleetwire-trackceo-account', name: '', ...settings },
				{ ...node, id: 'node', x: 200, y: 100 },
				{ ...node, id: 'map', x: 200, y: 200, params: { devices: { type: 'list', value: '*' } } },
				{
					...node,
					id: 'failing',
					x: 200,
					y: 300,
					resource: 'subAccount',
					operation: 'get',
					params: { account: { type: 'str', value: 'x' } },
					output: 'simplified',
				},
				{ id: 'out', type: 'test-probe', z: 'tab', x: 400, y: 200, wires: [] },
				{
					id: 'debug',
					type: 'debug',
					z: 'tab',
					x: 400,
					y: 300,
					active: true,
					tosidebar: true,
					complete: 'payload',
					targetType: 'msg',
					wires: [],
				},
			],
			{ credentials: { account: { secret } } },
		);
		const editor = await openNodeRedEditor(browser, nodeRed.nodeRed);
		const mark = await nodeRed.nodeRed.mark();
		await nodeRed.nodeRed.send('map', { payload: '' });
		await nodeRed.nodeRed.send('failing', { payload: '' });
		const markers = await nodeRed.nodeRed.collect((records) => records.length >= 3, { after: mark });
		const raw = markers.filter(({ msg }) => /<(img|script)/i.test(JSON.stringify(msg.payload))).length;
		const forged = nodeRed
			.logs()
			.split(/\r|\n/)
			.filter((line) => line.includes('forged') && !line.includes('TrackCEO'));
		const escapes = nodeRed.logs().split('\u001b[2J').length - 1;
		sheet.part(
			'lines of its log that a vendor wrote',
			'Node-RED',
			`${String(forged.length)}, ${String(escapes)} commands to the terminal, ${nodeRed.logs().includes('‹a href=') ? 'the words are there' : 'the words are missing'}`,
			'none, and the words are there',
			forged.length + escapes === 0 && nodeRed.logs().includes('‹a href='),
		);
		sheet.part(
			'markers with html in them',
			'Node-RED',
			`${String(raw)} of ${String(markers.length)} for worldmap`,
			'none',
			raw === 0 && markers.length >= 3,
		);
		await editor.edit('node');
		await editor.page.locator('.red-ui-typedInput-option-expand:visible').first().click();
		await editor.page.getByText('onerror').first().waitFor({ timeout: 10_000 });
		const pickers = (await editor.page.evaluate(
			'({ hacked: window.hacked || 0, shown: document.body.innerText.includes("<img src=x"), made: document.querySelectorAll("img[src=x]").length })',
		)) as { hacked: number; shown: boolean; made: number };
		sheet.part(
			'names that run in the picker and the statuses',
			'Node-RED',
			`${String(pickers.hacked + pickers.made)}, ${pickers.shown ? 'shown as text' : 'not shown'}`,
			'none, shown as text',
			pickers.hacked === 0 && pickers.made === 0 && pickers.shown,
		);
		await editor.close();

		const { id, name } = await n8n.n8n.createCredential({
			name: 'hostile',
			type: 'trackCeoApi',
			data: settingsOf({ vendor: 'trackceo', baseUrl: server.url }),
		});
		const workflow = await n8n.n8n.createWorkflow(
			chain({
				name: 'Fleet',
				type: 'n8n-nodes-fleetwire.trackCeo',
				parameters: { resource: 'position', operation: 'getCurrent' },
				credentials: { trackCeoApi: { id, name } },
			}),
		);
		const failing = await n8n.n8n.createWorkflow(
			chain({
				name: 'Fleet',
				type: 'n8n-nodes-fleetwire.trackCeo',
				parameters: {
					resource: 'subAccount',
					operation: 'get',
					account: { __rl: true, mode: 'id', value: 'x' },
				},
				credentials: { trackCeoApi: { id, name } },
			}),
		);
		const told = await openN8nWorkflow(browser, n8n.n8n, failing.id);
		await told.locator('[data-test-id="execute-workflow-button"]').click();
		await told
			.locator('.el-notification')
			.getByText('does not know the target')
			.first()
			.waitFor({ timeout: 60_000 });
		const links = 'document.querySelectorAll("a[href*=evil], img[src=x]").length';
		const inToast = (await told.evaluate(links)) as number;
		await openN8nNode(told, 'Fleet');
		await told
			.locator('[data-test-id="ndv"]')
			.getByText('does not know the target')
			.first()
			.waitFor({ timeout: 20_000 });
		const inPanel = (await told.evaluate(links)) as number;
		sheet.part(
			"links and pictures that a vendor's words make",
			'n8n',
			`${String(inToast)} in the notice, ${String(inPanel)} in the panel`,
			'none',
			inToast + inPanel === 0,
		);
		await told.context().close();
		const page = await openN8nWorkflow(browser, n8n.n8n, workflow.id);
		page.setDefaultTimeout(60_000);
		const panel = await openN8nNode(page, 'Fleet');
		await panel
			.locator('[data-test-id="rlc-input"], [data-test-id="resource-locator-devices"] input')
			.last()
			.click();
		await page.getByText('onerror').first().waitFor({ timeout: 30_000 });
		const inN8n = (await page.evaluate(
			'({ hacked: window.hacked || 0, made: document.querySelectorAll("img[src=x]").length })',
		)) as { hacked: number; made: number };
		sheet.part(
			'names that run in the list',
			'n8n',
			`${String(inN8n.hacked + inN8n.made)}, shown as text`,
			'none, shown as text',
			inN8n.hacked === 0 && inN8n.made === 0,
		);
	} finally {
		await browser.close();
		await server.close();
	}
}

export async function hostileAnswers(sheet: Sheet, hosts: Hosts): Promise<void> {
	await inCore(sheet);
	await inEditors(sheet, hosts);
}
