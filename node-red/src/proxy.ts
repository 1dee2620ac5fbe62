import type { NodeAPI } from 'node-red';
import { isMetadataHost } from '../../core/describe/base-url';
import { InvalidParams } from '../../core/describe/errors';

/** The proxy between this machine and a vendor. */
export interface Proxy {
	/** Its address, without a login. */
	url: string;
	/** The login, as its header has it. */
	token?: string;
	/** Where a person can change it: the end of a sentence. */
	setIn: string;
}

/** Node-RED's own node for a proxy. */
export interface ProxyNode {
	url?: string;
	noproxy?: string[];
	credentials?: { username?: string; password?: string };
}

type Environment = Readonly<Record<string, string | undefined>>;

/** `proxyOptions` of settings.js. */
interface Options {
	mode?: unknown;
	lowerCaseOnly?: unknown;
	favourUpperCase?: unknown;
	excludeNpm?: unknown;
	env?: Environment;
}

/** What is set, and the name of the variable that holds it. */
interface Setting {
	variable: string;
	value: string;
}

/**
 * The proxy for an address, as Node-RED's own nodes choose it: that of the account's proxy node, or else that of the
 * environment. A proxy node without an address means none.
 * @throws InvalidParams if there is one that cannot be used
 */
export function proxyFor(
	{ settings }: Pick<NodeAPI, 'settings'>,
	node: ProxyNode | undefined,
	baseUrl: string,
): Proxy | undefined {
	const { proxyOptions } = settings as { proxyOptions?: Options };
	const env = node && { no_proxy: (node.noproxy ?? []).join(','), http_proxy: node.url, https_proxy: node.url };
	const found = settingFor(baseUrl, { ...proxyOptions, env: env ?? proxyOptions?.env ?? process.env });
	if (found === undefined) return undefined;
	const setIn = node === undefined ? `the environment variable ${found.variable}` : 'the account';
	const url = URL.canParse(found.value) ? new URL(found.value) : undefined;
	// A sign that is not escaped in a login ends the host early, and what is left of the login would be shown as one.
	const broken = url !== undefined && (url.pathname + url.search + url.hash).includes('@');
	if (url === undefined || broken || !/^https?:$/.test(url.protocol))
		throw new InvalidParams(`The proxy in ${setIn} is not one that can be used.`, {
			advice: 'Its address looks like http://proxy.example:3128. In a login, write / as %2F, ? as %3F and # as %23.',
		});
	// A proxy mostly has a private address, but never this.
	if (isMetadataHost(url.hostname)) throw metadataProxy({ setIn }, url.hostname);
	const { username = '', password = '' } = node?.credentials ?? {};
	const login = `${username}:${password}` === ':' ? loginIn(url) : `${username}:${password}`;
	return { url: url.origin, setIn, ...(login === ':' ? {} : { token: basic(login) }) };
}

/** The refusal of a proxy at an address that is never asked. */
export const metadataProxy = ({ setIn }: Pick<Proxy, 'setIn'>, shown: string) =>
	new InvalidParams(`The proxy in ${setIn} has an address where a cloud keeps its machines' secrets (${shown}).`, {
		advice: 'No proxy has such an address, so it is always refused.',
	});

const basic = (login: string) => `Basic ${Buffer.from(login).toString('base64')}`;
const loginIn = ({ username, password }: URL) => `${decoded(username)}:${decoded(password)}`;

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

/** As getProxyForUrl in proxyHelper.js of @node-red/nodes has it. */
function settingFor(address: string, options: Options): Setting | undefined {
	const { protocol, hostname, port } = new URL(address);
	const scheme = protocol.slice(0, -1);
	const env = options.env ?? {};
	const mode = process.env.NR_PROXY_MODE ?? process.env.nr_proxy_mode;
	if ((mode === 'legacy' || mode === 'strict' ? mode : options.mode) === 'legacy') return legacyFor(address, env);
	const set = (...names: string[]) => first(names, options);
	const excepted = set('npm_config_no_proxy', 'no_proxy')?.value.toLowerCase() ?? '';
	const usual = scheme === 'https' ? 443 : 80;
	if (isExcepted(excepted, hostname, port === '' ? usual : Number(port))) return undefined;
	const found = set(`npm_config_${scheme}_proxy`, `${scheme}_proxy`, 'npm_config_proxy', 'all_proxy');
	return found && { ...found, value: found.value.includes('://') ? found.value : `${scheme}://${found.value}` };
}

function first(names: readonly string[], { env = {}, lowerCaseOnly, favourUpperCase, excludeNpm }: Options) {
	for (const name of names) {
		if (excludeNpm === true && name.startsWith('npm_config_')) continue;
		const upper = name.toUpperCase();
		const order = lowerCaseOnly === true ? [name] : favourUpperCase === true ? [upper, name] : [name, upper];
		for (const variable of order) if (env[variable]) return { variable, value: env[variable] };
	}
	return undefined;
}

/** Whether a list of hosts names one: `host`, `host:port`, `.domain`, `*.domain`, or `*` for all. */
function isExcepted(list: string, hostname: string, port: number): boolean {
	if (list === '*') return true;
	return list.split(/[,\s]/).some((entry) => {
		const [, host = entry, only = ''] = /^(.+):(\d+)$/.exec(entry) ?? [];
		if (host === '' || (only !== '' && Number(only) !== 0 && Number(only) !== port)) return false;
		return /^[.*]/.test(host) ? hostname.endsWith(host.replace(/^\*/, '')) : hostname === host;
	});
}

/** As Node-RED up to 3.1 did it, and does it on demand. */
function legacyFor(address: string, env: Environment): Setting | undefined {
	const [variable, value] = env.HTTP_PROXY ? ['HTTP_PROXY', env.HTTP_PROXY] : ['http_proxy', env.http_proxy];
	const list = [env.NO_PROXY, env.no_proxy].find(Boolean);
	const excepted = list?.split(',').some((part) => address.includes(part.trim())) ?? false;
	return value && !excepted ? { variable, value } : undefined;
}
