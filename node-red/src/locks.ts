import type { NodeAPI } from 'node-red';
import { isMetadataHost, isPrivateHost } from '../../core/describe/base-url';
import { InvalidParams, NotPermitted, type FleetError } from '../../core/describe/errors';
import type { Connection } from '../../core/describe/connection';
import { METADATA_ADDRESS, PRIVATE_ADDRESS } from './public-lookup';

/** What whoever runs this Node-RED forbids all of its accounts, whatever they say. */
interface Locks {
	privateAddresses: boolean;
	commands: boolean;
}

/**
 * The locks of settings.js: `fleetwire: { allowPrivateAddresses: false, allowCommands: false }`. What is not plainly
 * allowed there is forbidden.
 */
export function locksOf(RED: NodeAPI): Locks {
	const { fleetwire } = RED.settings as { fleetwire?: unknown };
	const said = (typeof fleetwire === 'object' && fleetwire !== null ? fleetwire : {}) as Record<string, unknown>;
	const locked = (name: string) => said[name] !== undefined && said[name] !== true;
	return { privateAddresses: locked('allowPrivateAddresses'), commands: locked('allowCommands') };
}

/**
 * One sentence for all that may be wrong with such an address, or with its name: more would tell what there is in the
 * network.
 */
export function privateForbidden(): InvalidParams {
	return new InvalidParams(
		'The base URL does not lead to a public address, and the settings of this Node-RED allow no other.',
		{
			advice: 'Check its spelling; who runs Node-RED can allow private addresses with fleetwire.allowPrivateAddresses in settings.js.',
		},
	);
}

export function commandForbidden(title: string): NotPermitted {
	return new NotPermitted(`"${title}" acts on vehicles or accounts, and the settings of this Node-RED forbid that.`, {
		advice: 'Nothing was sent. Who runs Node-RED can allow it with fleetwire.allowCommands in settings.js.',
	});
}

/** An account's settings within the locks. @throws InvalidParams if it leads to a literal private address */
export function within(locks: Locks, connection: Connection): Connection {
	if (locks.privateAddresses && URL.canParse(connection.baseUrl)) {
		const { hostname } = new URL(connection.baseUrl);
		if (isPrivateHost(hostname) || isMetadataHost(hostname)) throw privateForbidden();
	}
	return {
		...connection,
		...(locks.privateAddresses ? { allowPrivateAddresses: false } : {}),
		...(locks.commands ? { allowCommands: false } : {}),
	};
}

const NOWHERE = new Set(['ENOTFOUND', 'ENODATA', 'EAI_AGAIN', PRIVATE_ADDRESS, METADATA_ADDRESS]);

/** Whether an error tells whether there is a name in the network, and what address it has. */
export const tellsOfNames = ({ cause }: FleetError) =>
	NOWHERE.has(String((cause as { code?: unknown } | undefined)?.code));
