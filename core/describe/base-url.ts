import { InvalidParams } from './errors';

/**
 * Checks an account's address.
 * @throws InvalidParams if it is no http(s) address, carries credentials or a query, or is private without permission.
 */
export function checkBaseUrl(baseUrl: string, allowPrivateAddresses: boolean): void {
	// URL mends all of these silently, and what is put behind the text afterwards would go elsewhere.
	if (STRAY.test(baseUrl) || climbs(baseUrl.replace(/^\w+:\/\//, '')))
		throw new InvalidParams('The base URL must not hold "..", blanks or backslashes.', {
			advice: 'Write the address as it is, without detours.',
		});
	if (!URL.canParse(baseUrl))
		throw new InvalidParams('The base URL is not a web address.', {
			advice: 'It looks like https://api.example.com, without anything after the name.',
		});
	const url = new URL(baseUrl);
	if (url.protocol !== 'http:' && url.protocol !== 'https:')
		throw new InvalidParams('The base URL must begin with https:// or http://.');
	if (url.username !== '' || url.password !== '')
		throw new InvalidParams('The base URL must not hold a user name or password.', {
			advice: "Put them into the account's own fields.",
		});
	if (/[?#]/.test(baseUrl)) throw new InvalidParams('The base URL must end before any "?" or "#".');
	if (isMetadataHost(url.hostname)) throw metadataAddress(url.hostname);
	if (!allowPrivateAddresses && isPrivateHost(url.hostname)) throw privateAddress(url.hostname);
}

/** Blanks, control characters and backslashes have no place before a "?". */
const STRAY = /[\s\\\p{Cc}]/u;

/** How often a server may take an encoding off before it looks at a path. */
const DECODED_AT_MOST = 4;

/**
 * Whether a path leads out of its place: it has "." or ".." among its parts, plainly or encoded, with slashes of either
 * kind.
 */
export function climbs(path: string): boolean {
	let text = path;
	for (let round = 0; ; round++) {
		const decoded = text.replace(/%(25|2e|2f|5c)/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
		if (decoded === text) break;
		if (round === DECODED_AT_MOST) return true;
		text = decoded;
	}
	// Some servers leave out what stands behind a semicolon.
	return text.split(/[/\\]/).some((part) => /^\.{1,2}(?:;|$)/.test(part));
}

/** The refusal of an address that is never asked. */
export function metadataAddress(shown: string): InvalidParams {
	return new InvalidParams(
		`The base URL leads to a private address where a cloud keeps its machines' secrets (${shown}).`,
		{ advice: 'No vendor uses such an address, so it is always refused.' },
	);
}

/** The refusal of a private address. @param shown how to name it, if more is known than the address */
export function privateAddress(
	address: string,
	{ shown = address, cause }: { shown?: string; cause?: unknown } = {},
): InvalidParams {
	if (isMadeUp(address))
		return new InvalidParams(
			`The base URL leads to an address that a VPN or proxy program makes up for names (${shown}).`,
			{
				cause,
				advice: 'Let that program resolve the name to its real address, or switch on "Allow Private Addresses" in the account.',
			},
		);
	return new InvalidParams(`The base URL leads to a private address (${shown}).`, {
		cause,
		advice: 'If you need it, for example for a simulator, switch on "Allow Private Addresses" in the account.',
	});
}

/** 198.18.0.0/15, which is for tests of networks, and from which such programs take an address for each name. */
export const isMadeUp = (address: string) => /^198\.1[89]\./.test(address);

/** Names that clouds give to such addresses: behind a proxy, nobody here sees where a name leads. */
const METADATA_NAMES = new Set([
	'metadata',
	'metadata.google.internal',
	'metadata.goog',
	'instance-data',
	'instance-data.ec2.internal',
]);
/** What such IPv6 addresses begin with: those of Amazon, Google and Oracle, and OpenStack's. */
const METADATA_6 = [
	[0xfd00, 0xec2],
	[0xfd20, 0xce],
	[0xfd00, 0xc1],
	[0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe],
];

/**
 * Whether a host, as URL writes it, is where clouds tell whoever asks from within the credentials of their machines.
 */
export function isMetadataHost(hostname: string): boolean {
	const host = hostname.toLowerCase().replace(/\.$/, '');
	if (METADATA_NAMES.has(host)) return true;
	if (!host.startsWith('[')) return isMetadata4(FOUR.exec(host)?.slice(1).map(Number) ?? []);
	const groups = expand6(host.slice(1, -1));
	return (
		isMetadata4(within6(groups) ?? []) ||
		METADATA_6.some((beginning) => beginning.every((group, place) => groups[place] === group))
	);
}

/**
 * The whole link-local network, where most clouds and their container services have it; Azure, Alibaba and Oracle
 * beside it.
 */
function isMetadata4([a, b, c, d]: number[]): boolean {
	return (
		(a === 169 && b === 254) || ['168.63.129.16', '100.100.100.200', '192.0.0.192'].includes([a, b, c, d].join('.'))
	);
}

const FOUR = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/;

/** Whether a host, as URL writes it, is a literal private, loopback, link-local or otherwise unroutable address. */
export function isPrivateHost(hostname: string): boolean {
	const host = hostname.toLowerCase().replace(/\.$/, '');
	if (host === 'localhost' || host.endsWith('.localhost')) return true;
	// URL has already turned every way of writing an IPv4 address into four decimal numbers.
	const four = FOUR.exec(host);
	if (four !== null) return isPrivate4(Number(four[1]), Number(four[2]), Number(four[3]));
	return host.startsWith('[') && isPrivate6(host.slice(1, -1));
}

function isPrivate4(a: number, b: number, c: number): boolean {
	return (
		a === 0 ||
		a === 10 ||
		a === 127 ||
		a >= 224 ||
		(a === 100 && b >= 64 && b < 128) ||
		(a === 169 && b === 254) ||
		(a === 172 && b >= 16 && b < 32) ||
		(a === 192 && (b === 168 || (b === 0 && (c === 0 || c === 2)) || (b === 88 && c === 99))) ||
		(a === 198 && (b === 18 || b === 19 || (b === 51 && c === 100))) ||
		(a === 203 && b === 0 && c === 113)
	);
}

function isPrivate6(address: string): boolean {
	const groups = expand6(address);
	const [g0 = 0, g1 = 0] = groups;
	const [a, b = 0, c = 0] = within6(groups) ?? [];
	if (a !== undefined) return isPrivate4(a, b, c);
	// A network's own NAT64 (64:ff9b:1::/48), discard (100::/64), Teredo and documentation addresses lead nowhere
	// public.
	if ((g0 === 0x64 && g1 === 0xff9b) || (g0 === 0x100 && g1 === 0) || (g0 === 0x2001 && (g1 === 0 || g1 === 0xdb8)))
		return true;
	// fc00::/7 unique local, fe80::/10 link-local, fec0::/10 site-local, ff00::/8 multicast.
	return (g0 & 0xfe00) === 0xfc00 || g0 >= 0xfe80;
}

/** The IPv4 address within an IPv6 one, by which that is judged. */
function within6(groups: readonly number[]): number[] | undefined {
	const [g0 = 0, g1 = 0, g2 = 0, , g4 = 0, g5 = 0] = groups;
	const bytes = (at: number) => groups.slice(at, at + 2).flatMap((group) => [group >> 8, group & 255]);
	const empty = (until: number) => groups.slice(0, until).every((group) => group === 0);
	// ::, ::1, IPv4-compatible, IPv4-mapped (::ffff:1.2.3.4) and IPv4-translated (::ffff:0:1.2.3.4) addresses, and
	// NAT64.
	if (
		(empty(5) && (g5 === 0 || g5 === 0xffff)) ||
		(empty(4) && g4 === 0xffff && g5 === 0) ||
		(g0 === 0x64 && g1 === 0xff9b && g2 === 0)
	)
		return bytes(6);
	// 6to4 carries its IPv4 address in front.
	return g0 === 0x2002 ? bytes(1) : undefined;
}

function expand6(address: string): number[] {
	const [head = '', tail] = address.split('::');
	const parse = (part: string) => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16)));
	const before = parse(head);
	const after = tail === undefined ? [] : parse(tail);
	return [...before, ...new Array<number>(Math.max(0, 8 - before.length - after.length)).fill(0), ...after];
}
