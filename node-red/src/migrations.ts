import type { NodeDef } from 'node-red';
import { FleetError, type ErrorPolicy } from '../../core/describe/errors';

/** A node's settings by name, as a flow stores them. Credentials are stored elsewhere. */
type NodeSettings = Readonly<Record<string, unknown>>;

/** One change of what a type of node stores. */
interface Migration {
	from: number;
	to: number;
	/** An arrow function that is pure and uses nothing from outside: its source text also runs in the editor. */
	change: (settings: NodeSettings) => NodeSettings;
	/** Settings that are gone after it. The editor only reads the settings that a page lists. */
	retired?: readonly string[];
}

/** By type of node, oldest first. */
export type Migrations = Readonly<Record<string, readonly Migration[] | undefined>>;

export const MIGRATIONS: Migrations = {};

/** The version that nodes are stored with now. Uses nothing from outside, as it also runs in the editor. */
export function newestVersion(steps: readonly Migration[] = []): number {
	return steps.at(-1)?.to ?? 1;
}

/**
 * Settings as the newest version stores them; the same object where there is nothing to change. Flows written by hand
 * may have no version. Uses nothing from outside, as it also runs in the editor.
 */
export function migrate(settings: NodeSettings, steps: readonly Migration[] = []): NodeSettings {
	let current = settings;
	for (const { to, change } of steps) {
		if ((Number(current.version) || 1) < to) current = { ...change(current), version: to };
	}
	return current;
}

/** The node was saved by a later version of the package. */
class NewerVersion extends FleetError {
	readonly code = 'NewerVersion';
	protected defaults(): Partial<ErrorPolicy> {
		return { scope: 'call', permanent: true, beforeVendor: true };
	}
}

/** A node's settings as this version of the package knows them, and why the node cannot run if a later one saved it. */
export function upToDate<T extends NodeDef>(
	config: T,
	migrations: Migrations,
	what: 'node' | 'account' = 'node',
): { config: T; newer?: NewerVersion } {
	const steps = migrations[config.type];
	const settings = config as unknown as NodeSettings;
	if (Number(settings.version) > newestVersion(steps)) {
		const newer = new NewerVersion(`This ${what} was saved by a newer version of @fleetwire/node-red-fleet.`, {
			advice: 'Nothing was sent. Update the package in the palette manager.',
		});
		return { config, newer };
	}
	return { config: migrate(settings, steps) as unknown as T };
}
