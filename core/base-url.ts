import { InvalidParams } from './errors';

/**
 * Checks an account's address.
 * @throws InvalidParams if it is no http(s) address, carries credentials or a query, or is private without permission.
 */
export function checkBaseUrl(baseUrl: string, allowPrivateAddresses: boolean): void {
	let url: URL;
	try {
		url = new URL(baseUrl);
	} catch {
		throw new InvalidParams('The base URL is not a web address.', { advice: 'It looks like https://api.example.com, without anything after the name.' });
	}
	if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new InvalidParams('The base URL must begin with https:// or http://.');
	if (url.username !== '' || url.password !== '') throw new InvalidParams('The base URL must not hold a user name or password.', { advice: 'Put them into the account\'s own fields.' });
	if (url.search !== '' || url.hash !== '') throw new InvalidParams('The base URL must end before any "?" or "#".');
	if (!allowPrivateAddresses && isPrivateHost(url.hostname)) {
		throw new InvalidParams(`The base URL leads to a private address (${url.hostname}).`, {
			advice: 'If that is meant, for instance for a simulator, switch on "Allow Private Addresses" in the account.',
		});
	}
}

/** Whether a host, as URL writes it, is a literal private, loopback, link-local or otherwise unroutable address. */
export function isPrivateHost(hostname: string): boolean {
	const host = hostname.toLowerCase().replace(/\.$/, '');
	if (host === 'localhost' || host.endsWith('.localhost')) return true;
	// URL has already turned every way of writing an IPv4 address into four decimal numbers.
	const four = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(host);
	if (four !== null) return isPrivate4(Number(four[1]), Number(four[2]), Number(four[3]));
	return host.startsWith('[') && isPrivate6(host.slice(1, -1));
}

function isPrivate4(a: number, b: number, c: number): boolean {
	return (
		a === 0 || a === 10 || a === 127 || a >= 224 ||
		(a === 100 && b >= 64 && b < 128) ||
		(a === 169 && b === 254) ||
		(a === 172 && b >= 16 && b < 32) ||
		(a === 192 && (b === 168 || (b === 0 && (c === 0 || c === 2)))) ||
		(a === 198 && (b === 18 || b === 19))
	);
}

function isPrivate6(address: string): boolean {
	const groups = expand6(address);
	const [first = 0] = groups;
	const high = groups.slice(0, 5).every((group) => group === 0);
	// ::, ::1, IPv4-compatible and IPv4-mapped addresses, and NAT64: judged by the IPv4 address within.
	if ((high && (groups[5] === 0 || groups[5] === 0xffff)) || (first === 0x64 && groups[1] === 0xff9b)) {
		const [g6 = 0, g7 = 0] = groups.slice(6);
		return isPrivate4(g6 >> 8, g6 & 255, g7 >> 8);
	}
	// fc00::/7 unique local, fe80::/10 link-local, fec0::/10 site-local, ff00::/8 multicast.
	return (first & 0xfe00) === 0xfc00 || first >= 0xfe80;
}

function expand6(address: string): number[] {
	const [head = '', tail] = address.split('::');
	const parse = (part: string) => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16)));
	const before = parse(head);
	const after = tail === undefined ? [] : parse(tail);
	return [...before, ...new Array<number>(Math.max(0, 8 - before.length - after.length)).fill(0), ...after];
}
