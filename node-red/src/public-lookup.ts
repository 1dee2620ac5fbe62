import { lookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isPrivateHost } from '../../core/base-url';

/** Code of the error where a name leads to a private address. */
export const PRIVATE_ADDRESS = 'FLEETWIRE_PRIVATE_ADDRESS';

/** Whether an address, as the system's resolver writes it, is private. */
export function isPrivateAddress({ address, family }: LookupAddress): boolean {
	if (family !== 6) return isPrivateHost(address);
	try {
		// URL brings every notation into one, "::ffff:127.0.0.1" too.
		return isPrivateHost(new URL(`http://[${address}]`).hostname);
	} catch {
		// A zone ("fe80::1%eth0") is only ever written behind link-local addresses.
		return true;
	}
}

/**
 * Resolves names for connections, and refuses those with a private address. Done at the moment of connecting, because a
 * name can be given another address after it was checked.
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
	lookup(hostname, options, (error, found: string | LookupAddress[], family?: number) => {
		if (error === null) {
			const bad = (typeof found === 'string' ? [{ address: found, family: family ?? 4 }] : found).find(isPrivateAddress);
			if (bad !== undefined) {
				callback(Object.assign(new Error(`${hostname} is ${bad.address}`), { code: PRIVATE_ADDRESS, address: bad.address }), '');
				return;
			}
		}
		callback(error, found, family);
	});
};
