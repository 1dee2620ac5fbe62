import { describe, expect, test } from 'vitest';
import { proxyFor } from './proxy';

type Env = Record<string, string>;
/** What @node-red/nodes 5.0.7 and 4.1.15 answer to the same. */
const PROXY = 'http://proxy.test:3128';
const urlOf = (address: string, env: Env, options: object = {}, node?: object) =>
	proxyFor({ settings: { proxyOptions: { env, ...options } } } as never, node, address)?.url;

describe('the proxy of the environment', () => {
	test.each([
		['https://api.example.com', { https_proxy: PROXY }, PROXY],
		['https://api.example.com', { HTTPS_PROXY: PROXY }, PROXY],
		['https://api.example.com', { http_proxy: PROXY }, undefined],
		['http://api.example.com', { http_proxy: PROXY }, PROXY],
		['http://api.example.com', { https_proxy: PROXY }, undefined],
		['http://api.example.com', { all_proxy: PROXY, http_proxy: 'http://other.test' }, 'http://other.test'],
		['http://api.example.com', { http_proxy: PROXY, HTTP_PROXY: 'http://other.test' }, PROXY],
		['http://api.example.com', { http_proxy: '', HTTP_PROXY: PROXY }, PROXY],
		['http://api.example.com', { npm_config_proxy: PROXY, http_proxy: 'http://other.test' }, 'http://other.test'],
		['http://api.example.com', { npm_config_http_proxy: PROXY, http_proxy: 'http://other.test' }, PROXY],
		['http://api.example.com', { ALL_PROXY: PROXY }, PROXY],
		['http://api.example.com', { http_proxy: 'proxy.test:3128' }, PROXY],
		['https://api.example.com', { https_proxy: 'proxy.test:3128' }, 'https://proxy.test:3128'],
	] satisfies [string, Env, string | undefined][])('%s with %o: %s', (address, env, expected) => {
		expect(urlOf(address, env)).toBe(expected);
	});

	test.each([
		['*', true],
		['api.example.com', true],
		['API.Example.Com', true],
		['other.test, api.example.com', true],
		['other.test api.example.com', true],
		['.example.com', true],
		['*.example.com', true],
		['*example.com', true],
		['api.example.com:443', true],
		['.example.com:8443', false],
		['example.com', false],
		['pi.example.com', false],
		['', false],
		[',,', false],
	])('is not used for https://api.example.com with no_proxy %j: %s', (list, excepted) => {
		for (const name of ['no_proxy', 'NO_PROXY', 'npm_config_no_proxy'])
			expect(urlOf('https://api.example.com', { https_proxy: PROXY, [name]: list })).toBe(
				excepted ? undefined : PROXY,
			);
	});

	test("follows Node-RED's proxyOptions", () => {
		const both = { http_proxy: PROXY, HTTP_PROXY: 'http://upper.test', npm_config_http_proxy: 'http://npm.test' };
		const chosen = (options: object) => urlOf('http://api.example.com', both, options);
		expect(chosen({})).toBe('http://npm.test');
		expect(chosen({ excludeNpm: true })).toBe(PROXY);
		expect(chosen({ excludeNpm: true, favourUpperCase: true })).toBe('http://upper.test');
		expect(urlOf('http://api.example.com', { HTTP_PROXY: PROXY }, { lowerCaseOnly: true })).toBeUndefined();
		const legacy = (no_proxy: string) =>
			urlOf('https://api.example.com', { http_proxy: PROXY, no_proxy }, { mode: 'legacy' });
		expect([legacy(''), legacy('pi.example.co'), legacy('other.test')]).toEqual([PROXY, undefined, PROXY]);
	});
});

describe("the account's proxy node", () => {
	test('counts in place of the environment, exceptions too', () => {
		const chosen = (node: object, address = 'https://api.example.com') =>
			urlOf(address, { https_proxy: 'http://other.test', no_proxy: '*' }, {}, node);
		expect(chosen({ url: PROXY })).toBe(PROXY);
		expect(chosen({ url: PROXY, noproxy: ['.example.com', ''] })).toBeUndefined();
		expect(chosen({ url: PROXY, noproxy: ['example.com'] })).toBe(PROXY);
		expect(chosen({ url: '' })).toBeUndefined();
		expect(chosen({})).toBeUndefined();
	});
});

describe('a login', () => {
	const basic = (login: string) => `Basic ${Buffer.from(login).toString('base64')}`;
	const found = (url: string, credentials?: object) =>
		proxyFor({ settings: {} } as never, { url, credentials }, 'https://api.example.com');

	test.each([
		['http://ann:pass%20word@proxy.test:3128', undefined, 'ann:pass word'],
		['http://ann@proxy.test:3128', undefined, 'ann:'],
		['http://ann:100%@proxy.test:3128', undefined, 'ann:100%'],
		['http://proxy.test:3128', { username: 'ann', password: 'pass word' }, 'ann:pass word'],
		['http://x:y@proxy.test:3128', { username: 'ann', password: 'z' }, 'ann:z'],
	])('in %s with %o is sent apart from the address', (url, credentials, login) => {
		expect(found(url, credentials)).toEqual({ url: PROXY, setIn: 'the account', token: basic(login) });
	});

	test('is not sent where there is none', () => {
		expect(found(PROXY, { username: '', password: '' })).toEqual({ url: PROXY, setIn: 'the account' });
	});
});

test.each([
	'socks5://ann:word@proxy.test:1080',
	'http://',
	'http://ann:word@',
	'file:///x',
	'http://ann:12/word@proxy.test',
	'http://ann:12?word@proxy.test',
	'http://ann:12#word@proxy.test',
	'ann:12/word@proxy.test',
])('%s is refused, and its password not shown', (value) => {
	const use = () => urlOf('https://api.example.com', { ALL_PROXY: value });
	expect(use).toThrow(/^The proxy in the environment variable ALL_PROXY is not one that can be used\.$/);
});

test.each([
	'http://169.254.169.254',
	'http://0xa9fea9fe:80',
	'https://metadata.google.internal',
	'http://168.63.129.16:3128',
	'http://[::ffff:169.254.169.254]',
])('%s is no proxy, wherever it is set', (address) => {
	const refused = /has an address where a cloud keeps its machines' secrets/;
	expect(() => urlOf('http://api.example.com', { http_proxy: address })).toThrow(refused);
	expect(() => urlOf('http://api.example.com', {}, {}, { url: address })).toThrow(refused);
});
