import { lookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isMadeUp, isMetadataHost, isPrivateHost } from '../../core/describe/base-url';

/** Codes of the errors where a name leads to an address that is not to be asked. */
export const PRIVATE_ADDRESS = 'FLEETWIRE_PRIVATE_ADDRESS';
export const METADATA_ADDRESS = 'FLEETWIRE_METADATA_ADDRESS';

/** Why an address, as the system's resolver writes it, is refused; undefined if it is not. */
export function refusalOf({ address, family }: LookupAddress, allowPrivateAddresses: boolean): string | undefined {
	// URL brings every notation into one, "::ffff:127.0.0.1" too; a zone ("fe80::1%eth0") is none of its business.
	const host = family === 6 ? new URL(`http://[${address.split('%', 1)[0] ?? ''}]`).hostname : address;
	if (isMetadataHost(host)) return METADATA_ADDRESS;
	return !allowPrivateAddresses && isPrivateHost(host) ? PRIVATE_ADDRESS : undefined;
}

/** The error of an address that is refused. */
const refused = (hostname: string, { address }: LookupAddress, code: string) =>
	Object.assign(new Error(`${hostname} is ${address}`), { code, hostname, address });

/**
 * Whether this machine knows the addresses of a name that a proxy connects to. Those that are made up for names say
 * nothing. Rejects if one of them is not to be asked: which of them it takes is the proxy's choice.
 */
export function isKnown(hostname: string, allowPrivateAddresses: boolean): Promise<boolean> {
	return new Promise((resolve, reject) => {
		lookup(hostname.replace(/^\[|\]$/g, ''), { all: true }, (error, found) => {
			const real = error === null ? found.filter(({ address }) => !isMadeUp(address)) : [];
			for (const one of real) {
				const code = refusalOf(one, allowPrivateAddresses);
				if (code !== undefined) reject(refused(hostname, one, code));
			}
			resolve(real.length > 0);
		});
	});
}

/**
 * Resolves names for connections, without the addresses that are not to be asked. Done at the moment of connecting,
 * because a name can be given another address after it was checked. It fails where no address is left.
 */
export function lookupFor(allowPrivateAddresses: boolean): LookupFunction {
	return (hostname, options, callback) => {
		lookup(hostname, { ...options, all: true }, (error, found) => {
			const usable =
				error === null ? found.filter((one) => refusalOf(one, allowPrivateAddresses) === undefined) : [];
			const [first] = error === null ? found : [];
			const [chosen] = usable;
			if (first === undefined) callback(error, '');
			else if (chosen === undefined) {
				callback(refused(hostname, first, refusalOf(first, allowPrivateAddresses) ?? ''), '');
			} else if (options.all === true) callback(null, usable);
			else callback(null, chosen.address, chosen.family);
		});
	};
}
