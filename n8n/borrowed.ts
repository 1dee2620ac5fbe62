/**
 * What nodes that are not Fleetwire's may do with a credential: n8n's HTTP Request and GraphQL nodes, and their forms
 * for agents, take any.
 */
import type { ICredentialDataDecryptedObject, IHttpRequestOptions, INodeProperties } from 'n8n-workflow';
import { climbs } from '../core/describe/base-url';
import type { AnyOperation } from '../core/describe/operation';
import type { Method } from '../core/describe/host';
import type { Connection } from '../core/describe/connection';
import type { Provider } from '../core/describe/provider';
import type { WireOptions } from './wire';

const ALLOWED = 'allowedHttpRequestDomains';

/**
 * n8n's own setting, under n8n's own names, which it adds to each credential with "All" as what goes without saying.
 * Here the operator says it.
 */
export const borrowers: INodeProperties[] = [
	{
		displayName: 'Allowed HTTP Request Domains',
		name: ALLOWED,
		type: 'options',
		options: [
			{
				name: 'All',
				value: 'all',
				description: 'HTTP Request and GraphQL nodes may use this credential, for its base URL',
			},
			{
				name: 'Specific Domains',
				value: 'domains',
				description:
					"HTTP Request and GraphQL nodes may use this credential, if the list has the base URL's domain",
			},
			{ name: 'None', value: 'none', description: "Only Fleetwire's nodes may use this credential" },
		],
		default: 'none',
		description:
			'Which addresses HTTP Request and GraphQL nodes may ask with this credential. Whatever is chosen, they get no further than the base URL, and while Allow Commands is off they only read.',
	},
	{
		displayName: 'Allowed Domains',
		name: 'allowedDomains',
		type: 'string',
		default: '',
		placeholder: 'e.g. api.example.com, *.example.com',
		description: 'Domains with commas between them; a * stands for any subdomain',
		displayOptions: { show: { [ALLOWED]: ['domains'] } },
	},
];

/** A request that this credential does not sign. Like LoginFailed, it has a message only. */
export class NotSigned extends Error {
	constructor(message: string) {
		super(message);
		this.name = 'NotSigned';
	}
}

/** The request as n8n's older helper knows it, which the HTTP Request node still uses. */
type Legacy = Omit<WireOptions, 'url'> & { url?: string; uri?: string };

/** Settings by which a node would choose how a request gets to the vendor, as users know them. */
const WAYS: Readonly<Record<string, { title: string; meant: (value: unknown) => boolean }>> = {
	proxy: { title: 'Proxy', meant: (value) => value !== undefined && value !== '' },
	rejectUnauthorized: { title: 'Ignore SSL Issues', meant: (value) => value === false },
	skipSslCertificateValidation: { title: 'Ignore SSL Issues', meant: (value) => value === true },
	agentOptions: {
		title: 'SSL Certificates',
		meant: (value) => typeof value === 'object' && value !== null && Object.keys(value).length > 0,
	},
};

/** What the node says of the request's content and of how it wants the answer. All else is not the node's to say. */
const CONTENT = [
	'body',
	'form',
	'formData',
	'json',
	'arrayFormat',
	'qsStringifyOptions',
	'useQuerystring',
	'encoding',
	'useStream',
	'gzip',
	'simple',
	'resolveWithFullResponse',
	'returnFullResponse',
	'ignoreHttpStatusErrors',
	'timeout',
	'abortSignal',
	'allowedDomains',
];

/** Others name another address to some servers, or where the next request begins. */
const HEADERS = new Set(['accept', 'accept-language', 'content-type', 'user-agent']);
/** Follows from the body. */
const LENGTH = 'content-length';

export interface Borrowed {
	method: Method;
	/** Below the base URL. */
	path: string;
	/** With its question mark, or empty. */
	search: string;
	query: Record<string, string>;
	headers: Record<string, string>;
	/** What goes on to n8n besides. */
	options: Partial<IHttpRequestOptions>;
}

/**
 * The request of a node that is not ours, cut down to what it may say.
 * @throws NotSigned if it must not be made with this credential
 */
export function borrowed(
	provider: Provider,
	connection: Connection,
	credentials: ICredentialDataDecryptedObject,
	options: WireOptions,
): Borrowed {
	const instead = `Use the ${provider.title} node`;
	if (credentials[ALLOWED] !== 'all' && credentials[ALLOWED] !== 'domains') {
		throw new NotSigned(
			`This credential works with Fleetwire's nodes only. ${instead}, or open the credential for other nodes with "Allowed HTTP Request Domains".`,
		);
	}
	for (const [name, { title, meant }] of Object.entries(WAYS)) {
		if (meant(options[name as keyof WireOptions]))
			throw new NotSigned(
				`This credential does not go ways that another node chooses: "${title}" is set. Remove it. ${instead} if that is not enough.`,
			);
	}
	const { path, search } = placeOf(connection.baseUrl, options);
	const method = (options.method ?? 'GET').toUpperCase() as Method;
	const known = methodsOf(provider);
	if (!known.includes(method))
		throw new NotSigned(
			`This credential signs ${known.join(', ').replace(/, ([^,]*)$/, ' and $1')} for other nodes, and ${method.slice(0, 20)} is ${known.length === 2 ? 'neither' : 'none of them'}. ${instead}.`,
		);
	if (!connection.allowCommands && !isRead(provider, connection, method, path)) {
		throw new NotSigned(
			`While "Allow Commands" is off, this credential signs for other nodes only what the ${provider.title} node reads, and ${method} ${path.slice(0, 100)} is something else. ${instead}.`,
		);
	}
	return {
		method,
		path,
		search,
		query: { ...(options.qs as Record<string, string> | undefined) },
		headers: headersOf(options),
		options: contentOf(options),
	};
}

/** What goes on to n8n of a request: its content, and not the way that it takes. */
export const contentOf = (options: WireOptions, names: readonly string[] = CONTENT): Partial<IHttpRequestOptions> =>
	Object.fromEntries(
		names.flatMap((name) => (Object.hasOwn(options, name) ? [[name, options[name as keyof WireOptions]]] : [])),
	);

/** What the vendor takes: the two that all do, and others that its operations use. */
const methodsOf = <C extends Connection>({ operations }: Provider<C>): readonly string[] => [
	...new Set(['GET', 'POST', ...operations.map(({ route }) => route.split(' ')[0] ?? '')]),
];

/** Where below the base URL a request goes. Addresses are compared as they are meant, however they are written. */
function placeOf(baseUrl: string, options: Legacy): Pick<Borrowed, 'path' | 'search'> {
	const base = baseUrl.replace(/(?<!\/)\/+$/, '');
	const elsewhere = new NotSigned(`This credential is only for addresses that begin with ${base}/.`);
	const given = options.url ?? options.uri ?? '';
	const address =
		options.baseURL === undefined
			? given
			: `${options.baseURL.replace(/(?<!\/)\/+$/, '')}/${given.replace(/^\/+/, '')}`;
	const home = new URL(`${base}/`);
	let url: URL;
	try {
		url = new URL(address);
	} catch {
		throw elsewhere;
	}
	const [written = ''] = address.trim().split(/[?#]/, 1);
	if (/[\\\t\n\r]/.test(written) || climbs(written.replace(/^\w+:\/\//, '')))
		throw new NotSigned(
			'This credential does not sign addresses with "..", "." or backslashes among their parts. Write the address as it is.',
		);
	const same =
		url.protocol === home.protocol &&
		hostOf(url) === hostOf(home) &&
		url.port === home.port &&
		url.username === '' &&
		url.password === '';
	if (!same || !url.pathname.startsWith(home.pathname)) throw elsewhere;
	return { path: url.pathname.slice(home.pathname.length - 1), search: url.search };
}

const hostOf = ({ hostname }: URL) => hostname.replace(/\.$/, '');

function headersOf({ headers = {} }: WireOptions): Record<string, string> {
	const kept: Record<string, string> = {};
	for (const [name, value] of Object.entries(headers as Record<string, string | undefined>)) {
		const lower = name.toLowerCase();
		if (lower === LENGTH || value === undefined) continue;
		if (!HEADERS.has(lower))
			throw new NotSigned(
				`This credential does not sign requests of other nodes with the header ${name.slice(0, 100)}. Remove it.`,
			);
		kept[name] = value;
	}
	return kept;
}

/**
 * Whether a request is one that the vendor's node makes to read: what takes something away, or hands a secret out, is
 * none.
 */
function isRead(provider: Provider, connection: Connection, method: string, path: string): boolean {
	const routesOf = (operation: AnyOperation): string[] => {
		try {
			return [provider.route?.(operation, connection) ?? operation.route];
		} catch {
			// Its path is not known, or is written wrong in the account.
			return [];
		}
	};
	const matches = (route: string) =>
		new RegExp(`^${route.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{\w+\}/g, '[^/]+')}$`).test(
			`${method} ${path}`,
		);
	const reads = (operation: AnyOperation) =>
		operation.effect === 'read' && operation.consuming !== true && operation.handsOutSession !== true;
	const acts = provider.operations
		.filter((operation) => !reads(operation))
		.flatMap((operation) => [operation.route, ...routesOf(operation)]);
	return (
		provider.operations.filter(reads).flatMap(routesOf).some(matches) &&
		![...(provider.loginMethod === undefined ? [] : [provider.loginMethod.route]), ...acts].some(matches)
	);
}
