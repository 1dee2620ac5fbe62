import { expect, test } from 'vitest';
import { checkBaseUrl, climbs, isMetadataHost, isPrivateHost } from './base-url';

test.each([
	'http://127.0.0.1:1',
	'http://localhost',
	'http://a.localhost.',
	'http://2130706433',
	'http://0x7f.1',
	'http://10.1.2.3',
	'http://172.31.0.1',
	'http://192.168.1.1',
	'http://100.64.0.1',
	'http://0.0.0.0',
	'http://224.0.0.1',
	'http://[::1]',
	'http://[::]',
	'http://[::ffff:127.0.0.1]',
	'http://[::ffff:0:127.0.0.1]',
	'http://[64:ff9b::7f00:1]',
	'http://[64:ff9b:1::1]',
	'http://[2002:7f00:1::]',
	'http://[2001:db8::1]',
	'http://[fd00::1]',
	'http://[fe80::1]',
	'http://[ff02::1]',
])('%s is private', (url) => {
	expect(isPrivateHost(new URL(url).hostname)).toBe(true);
	expect(() => checkBaseUrl(url, false)).toThrow('private address');
	expect(() => checkBaseUrl(url, true)).not.toThrow();
});

// Where clouds tell their machines' credentials: AWS and most others, its containers, Alibaba, Azure, Oracle, Google;
// in any way of writing.
test.each([
	'http://169.254.169.254',
	'http://169.254.170.2',
	'http://169.254.170.23',
	'http://169.254.0.23',
	'http://2852039166',
	'http://0xa9fea9fe',
	'http://0251.0376.0251.0376',
	'http://169.254.43518',
	'http://①⑥⑨.254.169.254',
	'http://100.100.100.200',
	'http://168.63.129.16',
	'http://168.63.129.16:32526',
	'http://192.0.0.192',
	'http://metadata.google.internal',
	'http://METADATA.google.internal.',
	'http://metadata.goog',
	'http://metadata',
	'http://instance-data',
	'http://[fd00:ec2::254]',
	'http://[fd00:ec2::23]',
	'http://[fd20:ce::254]',
	'http://[fd00:c1::a9fe:a9fe]',
	'http://[fe80::a9fe:a9fe]',
	'http://[::ffff:a9fe:a9fe]',
	'http://[::ffff:169.254.169.254]',
	'http://[::169.254.169.254]',
	'http://[::ffff:0:a9fe:a9fe]',
	'http://[64:ff9b::a83f:8110]',
	'http://[2002:a9fe:a9fe::1]',
	'http://[::ffff:100.100.100.200]',
])('%s is refused whatever the account allows', (url) => {
	expect(isMetadataHost(new URL(url).hostname)).toBe(true);
	expect(() => checkBaseUrl(url, true)).toThrow('a cloud keeps');
	expect(() => checkBaseUrl(url, false)).toThrow('private address');
});

test.each([
	'http://168.63.129.17',
	'http://100.100.100.201',
	'http://169.253.1.1',
	'http://metadata.example.com',
	'http://[fd00:ec3::254]',
	'http://[fd00::1]',
	'http://127.0.0.1',
])('%s is none of those', (url) => {
	expect(isMetadataHost(new URL(url).hostname)).toBe(false);
	expect(() => checkBaseUrl(url, true)).not.toThrow();
});

test.each([
	'http://api.trackceo.com',
	'https://8.8.8.8',
	'https://172.32.0.1',
	'https://[2606:4700::1111]',
	'https://[2002:808:808::1]',
	'https://[64:ff9b::808:808]',
	'https://100.128.0.1',
	'https://gps.example.com/api',
])('%s is public', (url) => expect(() => checkBaseUrl(url, false)).not.toThrow());

// The special-purpose addresses of IANA's registries: the first and the last of each block, and their neighbours.
test.each([
	['0.0.0.0', '0.255.255.255', [undefined, '1.0.0.0']],
	['10.0.0.0', '10.255.255.255', ['9.255.255.255', '11.0.0.0']],
	['100.64.0.0', '100.127.255.255', ['100.63.255.255', '100.128.0.0']],
	['127.0.0.0', '127.255.255.255', ['126.255.255.255', '128.0.0.0']],
	['169.254.0.0', '169.254.255.255', ['169.253.255.255', '169.255.0.0']],
	['172.16.0.0', '172.31.255.255', ['172.15.255.255', '172.32.0.0']],
	['192.0.0.0', '192.0.0.255', ['191.255.255.255', '192.0.1.0']],
	['192.0.2.0', '192.0.2.255', ['192.0.1.255', '192.0.3.0']],
	['192.88.99.0', '192.88.99.255', ['192.88.98.255', '192.88.100.0']],
	['192.168.0.0', '192.168.255.255', ['192.167.255.255', '192.169.0.0']],
	['198.18.0.0', '198.19.255.255', ['198.17.255.255', '198.20.0.0']],
	['198.51.100.0', '198.51.100.255', ['198.51.99.255', '198.51.101.0']],
	['203.0.113.0', '203.0.113.255', ['203.0.112.255', '203.0.114.0']],
	['224.0.0.0', '255.255.255.255', ['223.255.255.255', undefined]],
	['[64:ff9b:1::]', '[64:ff9b:1:ffff:ffff:ffff:ffff:ffff]', [undefined, undefined]],
	['[100::]', '[100::ffff:ffff:ffff:ffff]', [undefined, undefined]],
	['[2001::]', '[2001:0:ffff:ffff:ffff:ffff:ffff:ffff]', ['[2000:ffff::]', '[2001:200::]']],
	['[2001:db8::]', '[2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]', ['[2001:db7::]', '[2001:db9::]']],
	['[fc00::]', '[fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]', ['[2600::]', undefined]],
	['[fe80::]', '[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]', ['[2a00::1]', undefined]],
] as const)('%s to %s are private, and %j beside them are not', (first, last, beside) => {
	const isPrivate = (host: string) => isPrivateHost(new URL(`http://${host}`).hostname);
	expect([first, last].map(isPrivate)).toEqual([true, true]);
	expect(beside.filter((host) => host !== undefined).filter(isPrivate)).toEqual([]);
});

test.each([
	['api.trackceo.com', 'not a web address'],
	['ftp://api.trackceo.com', 'must begin with'],
	['https://user:pass@api.trackceo.com', 'user name or password'],
	['https://api.trackceo.com/?a=1', 'before any "?"'],
	['https://api.trackceo.com/?', 'before any "?"'],
	['https://api.trackceo.com/#', 'before any "?"'],
	['', 'not a web address'],
])('%j is refused', (url, message) => expect(() => checkBaseUrl(url, true)).toThrow(message));

test.each([
	'/a/../b',
	'/..',
	'/./a',
	'/%2e%2e/a',
	'/.%2E',
	'/%252e%252E/a',
	'/a/..;x/b',
	'/..%2fa',
	'\\..\\a',
	'\\@evil.example',
	'/a\tb',
	'/a b',
])('an address with %j is refused', (tail) =>
	expect(() => checkBaseUrl(`https://api.trackceo.com${tail}`, true)).toThrow('must not hold'),
);

test.each([
	'/..',
	'/.',
	'/a/..',
	'/a/../b',
	'/%2e%2e/b',
	'/%2E./b',
	'/.%2e',
	'/%252e%252e/b',
	'/%25252525252e./b',
	'/a%2f..%2fb',
	'/a/..%5cb',
	'/..\\b',
	'/..;/b',
	'/a/.;v=1/b',
])('%s leads out', (path) => expect(climbs(path)).toBe(true));
test.each(['/api/v2.0/a', '/a..b', '/...', '/.well-known/x', '/a%2Fb', '/a%5Cb', '/100%25', '/%25zz', '/a;b=..'])(
	'%s stays',
	(path) => expect(climbs(path)).toBe(false),
);
