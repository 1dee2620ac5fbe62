import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { NodeAPI } from 'node-red';

/** File systems that end with a container or with the machine's power: overlayfs and tmpfs, as Linux numbers them. */
const FLEETING = new Set([0x794c7630, 0x01021994]);

interface Settings {
	userDir?: string;
	contextStorage?: Record<string, unknown>;
	fleetwire?: { keepsUserFolder?: unknown } | null;
}

/** Of a folder that is not there yet, its parents tell. */
function isFleeting(folder: string): boolean {
	try {
		return FLEETING.has(statfsSync(folder).type);
	} catch {
		return dirname(folder) !== folder && isFleeting(dirname(folder));
	}
}

/**
 * Whether files in Node-RED's user folder are gone once its container is replaced. `fleetwire.keepsUserFolder` in
 * settings.js decides where the file system misleads.
 */
export function losesUserFolder(RED: NodeAPI): boolean {
	const { userDir, fleetwire } = RED.settings as Settings;
	const kept = typeof fleetwire === 'object' ? fleetwire?.keepsUserFolder : undefined;
	if (typeof kept === 'boolean') return !kept;
	return userDir !== undefined && isFleeting(userDir);
}

/** The first context store of settings.js that outlives the container; undefined if there is none. */
export function lastingStore(RED: NodeAPI): string | undefined {
	const { userDir = '.', contextStorage } = RED.settings as Settings;
	const lasts = (store: unknown): boolean => {
		// An entry may name another one.
		const { module, config } = (typeof store === 'string' ? contextStorage?.[store] : store) as {
			module?: unknown;
			config?: { dir?: string };
		};
		if (module === undefined || module === 'memory') return false;
		return module !== 'localfilesystem' || !isFleeting(config?.dir ?? userDir);
	};
	return Object.keys(contextStorage ?? {}).find((name) => {
		try {
			return lasts(contextStorage?.[name]);
		} catch {
			return false;
		}
	});
}
