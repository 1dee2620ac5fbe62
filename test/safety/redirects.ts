/** 5: nobody can send us on to another address, and what the vendor knows of us stays with the vendor. */
import { chain } from '../hosts/n8n';
import { VENDOR_NAMES, VENDORS, type Simulator } from '../hosts/vendor';
import { settingsOf, sideBySide, toldBy, type Ask, type Hosts } from './hosts';
import { afterLogin, bodyOf, serve, serveSockets, serveTls } from './servers';
import type { Sheet } from './sheet';

const STATUSES = [301, 302, 303, 307, 308];
const READS = { trackceo: 'position.getCurrent', etrack: 'position.getCurrent', ctrack: 'position.getCurrentOfAll', itracksense: 'device.getMany', trackgps: 'device.getMany' } as const;

/** Every vendor, every status, at the login and after it, to another host, another port and another scheme. */
async function followed(sheet: Sheet, { both, certificates }: Hosts): Promise<void> {
	await Promise.all(
		both.map(async (host) => {
			let foreign = 0;
			const count = () => (foreign += 1);
			const elsewhere = await serve((_, response) => {
				count();
				response.end('{}');
			});
			const secure = await serveTls(certificates, (_, response) => {
				count();
				response.end('{}');
			});
			const places = [elsewhere.url, `http://other.vendor.test:${String(elsewhere.port)}`, secure.url];
			const cases: { ask: Ask; simulator: Simulator }[] = [];
			for (const vendor of VENDOR_NAMES) {
				for (const [index, status] of STATUSES.entries()) {
					for (const atLogin of [true, false]) {
						const simulator: Simulator = await VENDORS[vendor].start();
						const location = `${places[(index + (atLogin ? 1 : 0)) % places.length] ?? ''}/api/moved?from=vendor`;
						simulator.fail({ kind: 'status', status, headers: { location }, match: ({ path }) => VENDORS[vendor].login.test(path) === atLogin, times: Infinity });
						cases.push({ simulator, ask: { vendor, baseUrl: simulator.url, operation: READS[vendor], params: { devices: '358899051000001' }, timeout: 5 } });
					}
				}
			}
			const told = await host.ask(cases.map(({ ask }) => ask), { together: 5 });
			await Promise.all([...cases.map(({ simulator }) => simulator.close()), elsewhere.close(), secure.close()]);
			const clear = told.filter(({ error }) => /sent us on to another address|refuses the login/.test(error ?? '')).length;
			for (const { error } of told) if (!/sent us on to another address|refuses the login/.test(error ?? '')) console.log(`        ${host.name}: ${error ?? 'no error'}`);
			sheet.part('redirects followed', host.name, `${String(foreign)} of ${String(cases.length)} (5 vendors, 301 to 308, at the login and after it, to another host, port and scheme); ${String(clear)} say so`, 'none', foreign === 0 && clear === cases.length);
		}),
	);
}

/** n8n lets a credential sign requests of its HTTP Request node, which has an address of its own. */
async function borrowed(sheet: Sheet, { n8n }: Hosts): Promise<void> {
	const seen: string[] = [];
	const stranger = await serve((request, response) => {
		void bodyOf(request).then((body) => {
			seen.push([request.url, JSON.stringify(request.headers), body].join(' '));
			response.end('{}');
		});
	});
	const foreign = `http://other.vendor.test:${String(stranger.port)}/api/take`;
	const results = await sideBySide(VENDOR_NAMES.flatMap((vendor) => (['elsewhere', 'redirected', 'twin'] as const).map((how) => ({ vendor, how }))), 5, async ({ vendor, how }) => {
		const { n8n: type, login } = VENDORS[vendor];
		const server = await serve(afterLogin(vendor, login, (_, response) => response.writeHead(302, { location: foreign }).end()));
		const base = `${server.url}/base`;
		const { id, name } = await n8n.n8n.createCredential({ name: 'account', type: type.credential, data: settingsOf({ vendor, baseUrl: base }) });
		// The last one begins like the account's address, and is another.
		const url = { elsewhere: foreign, redirected: `${base}/api/anything`, twin: `${base}.other.vendor.test/api/take` }[how];
		const execution = await n8n.n8n.runWorkflow(
			chain({ name: 'Fleet', type: 'n8n-nodes-base.httpRequest', typeVersion: 4.2, parameters: { url, authentication: 'predefinedCredentialType', nodeCredentialType: type.credential, options: {} }, credentials: { [type.credential]: { id, name } } }),
			{ everyMs: 200 },
		);
		await server.close();
		return { how, ...toldBy(execution) };
	});
	await stranger.close();
	const refused = results.filter(({ how, error }) => how !== 'redirected' && (error ?? '') !== '').length;
	const leaked = seen.filter((text) => /a-token-for-this-session|bearer/i.test(text)).length;
	sheet.part('tokens that n8n\'s HTTP Request node took to another host', 'n8n', `${String(leaked)} in ${String(results.length)} tries, ${String(refused)} refused before they were sent`, 'none', leaked === 0 && refused === 10);
}

/** Nothing is even said in clear to a server that does not prove its name. */
async function unproven(sheet: Sheet, { both }: Hosts): Promise<void> {
	await Promise.all(
		both.map(async (host) => {
			let clear = 0;
			const server = await serveSockets('https', 'other.vendor.test', (socket) => socket.on('data', (data) => (clear += /api|token|account/i.test(String(data)) ? 1 : 0)));
			const told = await host.ask([{ vendor: 'trackceo', baseUrl: server.url, operation: 'position.getCurrent', params: { devices: '358899051000001' }, timeout: 1 }]);
			await server.close();
			sheet.part('requests in clear to an https address', host.name, String(clear), 'none', clear === 0 && told[0]?.error !== undefined);
		}),
	);
}

export async function redirects(sheet: Sheet, hosts: Hosts): Promise<void> {
	await followed(sheet, hosts);
	await borrowed(sheet, hosts);
	await unproven(sheet, hosts);
}
