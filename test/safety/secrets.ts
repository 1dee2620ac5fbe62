/** 8: no secret is in anything that a host shows, stores, logs or hands on, whatever a vendor makes of it. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fields } from '../../core/describe/field';
import type { AnyOperation } from '../../core/describe/operation';
import { kitOf, nameOf, VENDOR_NAMES } from '../hosts/vendor';
import { recordingOf } from '../support/recordings';
import { operationOf, providerOf, settingsOf, sideBySide, type Ask, type Host, type Hosts } from './hosts';
import { bodyOf, loggedIn, serve, type Running } from './servers';
import type { Sheet } from './sheet';

const secretFieldsOf = ({ params }: AnyOperation) =>
	Object.entries(params as Fields).flatMap(([name, { secret }]) => (secret ? [name] : []));

/** A plain read, and what has most to tell: an operation that is given a secret, a command, a write, another read. */
function operationsOf(vendor: string): readonly [string, string] {
	const { operations } = providerOf(vendor);
	const other =
		operations.find((operation) => secretFieldsOf(operation).length > 0) ??
		operations.find(({ effect }) => effect === 'command') ??
		operations.find(({ effect }) => effect === 'write') ??
		operations.at(-1);
	return [kitOf(vendor).read, nameOf(other as AnyOperation)];
}

/** All that a vendor could repeat of a request, in every form in which it could. */
function echoOf(request: IncomingMessage, body: string, canaries: readonly string[]): string {
	const texts = [request.url ?? '', JSON.stringify(request.headers), body, ...canaries];
	return texts.flatMap((text) => [text, encodeURIComponent(text), Buffer.from(text).toString('base64')]).join(' | ');
}

type Style = (response: ServerResponse, echo: string, canaries: readonly string[], vendor: string) => void;

const coded = (vendor: string, words: string) => JSON.stringify(kitOf(vendor).refused(words));

const json = { 'content-type': 'application/json' };
const STYLES: Readonly<Record<string, Style>> = {
	'coded error': (response, echo, _, vendor) => response.writeHead(200, json).end(coded(vendor, echo)),
	'coded error, secrets first': (response, echo, canaries, vendor) =>
		response.writeHead(200, json).end(coded(vendor, `${canaries.join(' ')} ${echo}`)),
	// Words are cut to a length: the cut may go through a secret.
	...Object.fromEntries(
		[60, 95, 180, 270, 285, 295].map((length) => [
			`coded error, secret at ${String(length)}`,
			((response, _, canaries, vendor) =>
				response
					.writeHead(400, json)
					.end(
						coded(
							vendor,
							`${'x'.repeat(length)}${canaries[length % canaries.length] ?? ''}${'y'.repeat(300)}`,
						),
					)) satisfies Style,
		]),
	),
	'broken JSON': (response, _, canaries) => response.writeHead(200, json).end(`{"token": ${canaries.join('')}`),
	'broken JSON around': (response, _, canaries) =>
		response.writeHead(200, json).end(`{"a": "${canaries[0] ?? ''}" ${canaries[1] ?? ''} }`),
	'plain text': (response, _, canaries) => response.writeHead(200).end(canaries.join(' ')),
	'text 400': (response, echo) => response.writeHead(400).end(echo),
	'text 401': (response, echo) => response.writeHead(401).end(echo),
	'JSON text 403': (response, echo) => response.writeHead(403, json).end(JSON.stringify(echo)),
	'text 500': (response, echo) => response.writeHead(500).end(echo),
	html: (response, echo) => response.writeHead(200, { 'content-type': 'text/html' }).end(`<html>${echo}</html>`),
	redirect: (response, echo) =>
		response
			.writeHead(302, {
				location: `http://other.vendor.test/?${encodeURIComponent(echo)}`,
				'x-echo': encodeURIComponent(echo),
			})
			.end(echo),
	'wrong shape': (response, echo) =>
		response.writeHead(200, json).end(
			JSON.stringify({
				code: 0,
				record: { [echo]: echo },
				ErrorCode: 0,
				List: [{ [echo]: { echo } }],
				Code: 200,
				Data: { [echo]: echo },
				payload: { [echo]: echo },
				isSuccess: true,
			}),
		),
	'unknown encoding': (response, _, canaries) =>
		response.writeHead(200, { 'content-encoding': (canaries[1] ?? '').replace(/[^\w-]/g, '') }).end('x'),
	'too often': (response, echo) => response.writeHead(429, { 'retry-after': '3600' }).end(echo),
	reset: (response) => response.socket?.resetAndDestroy(),
	'no web server': (response, _, canaries) => response.socket?.end(`${canaries.join(' ')}\r\n\r\n`),
	'cut off': (response, echo) => {
		response.writeHead(200, { ...json, 'content-length': echo.length * 2 });
		response.write(echo, () => response.socket?.destroy());
	},
};

interface Case {
	what: string;
	ask: Ask;
	server: Running;
	canaries: readonly string[];
}

async function caseOf(vendor: string, operation: string, style: string, atLogin: boolean): Promise<Case> {
	const random = () => randomBytes(9).toString('base64url');
	// Signs that every encoding treats in its own way.
	const secret = `P${random()}"\\ &+/=%é<${random()}`;
	const token = `T${random()}${random()}${random()}+/==`;
	const { login, secretForms = () => [] } = kitOf(vendor);
	const canaries = [secret, token, ...secretForms(secret)];
	const spoil = STYLES[style] as Style;
	const server = await serve((request, response) => {
		void bodyOf(request).then((body) => {
			const isLogin = login.test((request.url ?? '').split('?')[0] ?? '');
			if (isLogin && !atLogin) response.writeHead(200, json).end(loggedIn(vendor, token));
			else spoil(response, echoOf(request, body, canaries), canaries, vendor);
		});
	});
	const { simulated = {} } = recordingOf({ name: vendor }, operation) ?? {};
	// What the user fills into the operation's own secret fields.
	const given = Object.fromEntries(
		secretFieldsOf(operationOf(vendor, operation)).map((name) => [name, `N${random()}${random()}`]),
	);
	return {
		what: `${vendor} ${operation}, ${style}${atLogin ? ' at the login' : ''}`,
		ask: {
			vendor,
			baseUrl: server.url,
			operation,
			params: { ...simulated, ...given },
			account: { secret },
			timeout: 1,
		},
		server,
		// A token that nobody was given is nobody's secret.
		canaries: [...canaries.filter((canary) => !atLogin || canary !== token), ...Object.values(given)],
	};
}

/** Every way in which a secret can be written, and pieces of it: any fifteen characters in a row hold one. */
function formsOf(canary: string): string[] {
	const base64 = Buffer.from(canary).toString('base64').replace(/=+$/, '');
	const pieces = Array.from({ length: Math.max(1, Math.floor((canary.length - 12) / 4) + 1) }, (_, at) =>
		canary.slice(at * 4, at * 4 + 12),
	);
	// Shorter ones would be found in words.
	const within = ['', 'a', 'ab']
		.map((before) =>
			Buffer.from(before + canary)
				.toString('base64')
				.slice(4, -4),
		)
		.filter(({ length }) => length >= 8);
	return [
		canary,
		...within,
		encodeURIComponent(canary),
		new URLSearchParams([['', canary]]).toString().slice(1),
		base64,
		JSON.stringify(canary).slice(1, -1),
		...pieces,
		...pieces.map((piece) => JSON.stringify(piece).slice(1, -1)),
	];
}

const leakIn = (text: string, canaries: readonly string[]) =>
	canaries.flatMap(formsOf).find((form) => text.includes(form));

async function inHost(sheet: Sheet, host: Host, hosts: Hosts): Promise<void> {
	const cases: Case[] = [];
	for (const vendor of VENDOR_NAMES) {
		for (const style of Object.keys(STYLES)) {
			for (const operation of operationsOf(vendor)) cases.push(await caseOf(vendor, operation, style, false));
			cases.push(await caseOf(vendor, kitOf(vendor).read, style, true));
		}
	}
	try {
		// One in six fails its execution, with which it is stored; the others give items with an error.
		const alone = cases.filter((_, index) => host.name === 'Node-RED' || index % 6 === 0);
		const others = cases.filter((each) => !alone.includes(each));
		const asked = [...alone, ...others];
		const asksOf = (some: readonly Case[]) => some.map(({ ask }) => ask);
		const told = [...(await host.ask(asksOf(alone))), ...(await host.ask(asksOf(others), { together: 8 }))];
		const failed = told.filter(
			({ error, records }) => error !== undefined || JSON.stringify(records).includes('unknown'),
		).length;
		const leaks: string[] = [];
		for (const [index, { what, canaries }] of asked.entries()) {
			const leak = leakIn(told[index]?.everything ?? '', canaries);
			if (leak !== undefined) leaks.push(`${what}: ${leak}`);
		}
		// What else a user sees of an account: its test, and its pickers.
		const tested = await sideBySide(
			cases.filter(({ what }) => what.endsWith('at the login')),
			8,
			async (each) => ({ ...each, text: await tests(host.name, hosts, each.ask) }),
		);
		for (const { what, text, canaries } of tested) {
			const leak = leakIn(text, canaries);
			if (leak !== undefined) leaks.push(`${what}, tested: ${leak}`);
		}
		const inLogs = leakIn(
			host.logs(),
			cases.flatMap(({ canaries }) => canaries),
		);
		if (inLogs !== undefined) leaks.push(`the log: ${inLogs}`);
		for (const leak of leaks.slice(0, 8)) console.log(`        ${host.name}: ${leak}`);
		sheet.part(
			'secrets shown, stored or logged',
			host.name,
			`${String(leaks.length)} in ${String(failed + tested.length)} failures, two or three canaries each, in any form or piece`,
			'none in at least 300 failures',
			leaks.length === 0 && failed + tested.length >= 300,
		);
	} finally {
		await Promise.all(cases.map(({ server }) => server.close()));
	}
}

async function tests(name: Host['name'], { n8n, nodeRed }: Hosts, ask: Ask): Promise<string> {
	const { secret, ...settings } = settingsOf(ask);
	if (name === 'n8n')
		return JSON.stringify(
			await n8n.n8n.testCredential({
				name: 'canary',
				type: kitOf(ask.vendor).n8n.credential,
				data: { ...settings, secret },
			}),
		);
	const body = { id: 'new', settings, credentials: { secret } };
	return JSON.stringify([
		await nodeRed.nodeRed.admin('POST', `/fleetwire/${ask.vendor}/test`, { body }),
		await nodeRed.nodeRed.admin('POST', `/fleetwire/${ask.vendor}/lookup/device`, { body }),
	]);
}

export async function secrets(sheet: Sheet, hosts: Hosts): Promise<void> {
	await Promise.all(hosts.both.map((host) => inHost(sheet, host, hosts)));
}
