/** 5: nobody can send us on to another address, and what the vendor knows of us stays with the vendor. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { chain } from '../hosts/n8n';
import { kitOf, type Simulator, startStocked, VENDOR_NAMES } from '../hosts/vendor';
import { settingsOf, sideBySide, toldBy, type Ask, type Hosts } from './hosts';
import { afterLogin, bodyOf, serve, serveSockets, serveTls } from './servers';
import type { Sheet } from './sheet';

const STATUSES = [301, 302, 303, 307, 308];
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
						const simulator: Simulator = await startStocked(kitOf(vendor));
						const location = `${places[(index + (atLogin ? 1 : 0)) % places.length] ?? ''}/api/moved?from=vendor`;
						simulator.fail({
							kind: 'status',
							status,
							headers: { location },
							match: ({ path }) => kitOf(vendor).login.test(path) === atLogin,
							times: Infinity,
						});
						cases.push({
							simulator,
							ask: {
								vendor,
								baseUrl: simulator.url,
								operation: kitOf(vendor).read,
								params: {},
								timeout: 5,
							},
						});
					}
				}
			}
			const told = await host.ask(
				cases.map(({ ask }) => ask),
				{ together: 5 },
			);
			await Promise.all([...cases.map(({ simulator }) => simulator.close()), elsewhere.close(), secure.close()]);
			const clear = told.filter(({ error }) =>
				/sent us on to another address|refuses the login/.test(error ?? ''),
			).length;
			for (const { error } of told)
				if (!/sent us on to another address|refuses the login/.test(error ?? ''))
					console.log(`        ${host.name}: ${error ?? 'no error'}`);
			sheet.part(
				'redirects followed',
				host.name,
				`${String(foreign)} of ${String(cases.length)} (${String(VENDOR_NAMES.length)} vendors, 301 to 308, at the login and after it, to another host, port and scheme); ${String(clear)} say so`,
				'none',
				foreign === 0 && clear === cases.length,
			);
		}),
	);
}

/** What a node that is not ours may choose: the address, and the way to it. */
const WAYS = ['elsewhere', 'twin', 'through a proxy', 'through a proxy that opens TLS', 'redirected'] as const;

/** A proxy of somebody who wants to read along: `seen` gets what comes, TLS opened with a certificate of his. */
async function startReader(
	certificates: Hosts['certificates'],
	seen: (text: string) => void,
): Promise<{ url: string; close(): Promise<void> }> {
	const read = (request: IncomingMessage, response: ServerResponse) => {
		void bodyOf(request).then((body) => {
			seen([request.url, JSON.stringify(request.headers), body].join(' '));
			response.end('{}');
		});
	};
	const inside = await serveTls(certificates, read);
	const proxy = createServer(read);
	proxy.on('connect', (_, socket: Socket) => {
		const through = connect(inside.port, '127.0.0.1', () => {
			socket.write('HTTP/1.1 200 OK\r\n\r\n');
			socket.pipe(through).pipe(socket);
		});
		for (const end of [socket, through]) end.on('error', () => undefined);
	});
	await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
	return {
		url: `http://127.0.0.1:${String((proxy.address() as AddressInfo).port)}`,
		close: async () => {
			proxy.closeAllConnections();
			proxy.close();
			await inside.close();
		},
	};
}

/**
 * n8n lets its HTTP Request node use any credential: here with everything that an operator can open, and commands on.
 */
async function borrowed(sheet: Sheet, { n8n, certificates }: Hosts): Promise<void> {
	const seen: string[] = [];
	const reader = await startReader(certificates, (text) => seen.push(text));
	const { port } = new URL(reader.url);
	const foreign = `http://other.vendor.test:${port}/api/take`;
	const results = await sideBySide(
		VENDOR_NAMES.flatMap((vendor) => WAYS.map((how) => ({ vendor, how }))),
		5,
		async ({ vendor, how }) => {
			const { n8n: type, login } = kitOf(vendor);
			const answer = afterLogin(vendor, login, (_, response) =>
				response.writeHead(302, { location: foreign }).end(),
			);
			const server =
				how === 'through a proxy that opens TLS' ? await serveTls(certificates, answer) : await serve(answer);
			const base = `${server.url}/base`;
			const { id, name } = await n8n.n8n.createCredential({
				name: 'account',
				type: type.credential,
				data: settingsOf({ vendor, baseUrl: base, account: { allowedHttpRequestDomains: 'all' } }),
			});
			// The twin begins like the account's address, and is another.
			const url =
				{ elsewhere: foreign, twin: `${base}.other.vendor.test/api/take` }[how as string] ??
				`${base}/api/anything`;
			const options = how.startsWith('through') ? { proxy: reader.url, allowUnauthorizedCerts: true } : {};
			const execution = await n8n.n8n.runWorkflow(
				chain({
					name: 'Fleet',
					type: 'n8n-nodes-base.httpRequest',
					typeVersion: 4.2,
					parameters: {
						url,
						authentication: 'predefinedCredentialType',
						nodeCredentialType: type.credential,
						options,
					},
					credentials: { [type.credential]: { id, name } },
				}),
				{ everyMs: 200 },
			);
			await server.close();
			return { how, ...toldBy(execution) };
		},
	);
	await reader.close();
	const refused = results.filter(
		({ how, error }) => how !== 'redirected' && /This credential/.test(error ?? ''),
	).length;
	for (const text of seen) console.log(`        n8n: taken along: ${text.slice(0, 200)}`);
	sheet.part(
		"requests that n8n's HTTP Request node took to another host",
		'n8n',
		`${String(seen.length)} in ${String(results.length)} tries (other addresses, redirects, a proxy, one that opens TLS), ${String(refused)} refused before they were sent`,
		'none',
		seen.length === 0 && refused === VENDOR_NAMES.length * (WAYS.length - 1),
	);
}

/** Nothing is even said in clear to a server that does not prove its name. */
async function unproven(sheet: Sheet, { both }: Hosts): Promise<void> {
	await Promise.all(
		both.map(async (host) => {
			let clear = 0;
			const server = await serveSockets('https', 'other.vendor.test', (socket) =>
				socket.on('data', (data) => (clear += /api|token|account/i.test(String(data)) ? 1 : 0)),
			);
			const told = await host.ask([
				{
					vendor: 'trackceo',
					baseUrl: server.url,
					operation: 'position.getCurrent',
					params: { devices: '358899051000001' },
					timeout: 1,
				},
			]);
			await server.close();
			sheet.part(
				'requests in clear to an https address',
				host.name,
				String(clear),
				'none',
				clear === 0 && told[0]?.error !== undefined,
			);
		}),
	);
}

export async function redirects(sheet: Sheet, hosts: Hosts): Promise<void> {
	await followed(sheet, hosts);
	await borrowed(sheet, hosts);
	await unproven(sheet, hosts);
}
