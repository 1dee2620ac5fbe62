import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { NODE_RED_VERSIONS } from '../hosts/install';
import { N8nTarget } from './n8n';
import { NodeRedTarget } from './node-red';
import { startAlarms, startQueue, type Subject } from './subjects';
import type { Target } from './target';

const ARTIFACTS = join(__dirname, '..', '..', 'artifacts');
export const packed = (name: string) => [
	join(ARTIFACTS, readdirSync(ARTIFACTS).find((file) => file.startsWith(name)) ?? ''),
];

/** A host on a vendor of its own; stopping it stops both. */
export async function onVendor(
	starting: Promise<Subject>,
	startHost: (subject: Subject) => Promise<Target>,
): Promise<Target> {
	const subject = await starting;
	try {
		const target = await startHost(subject);
		const stop = target.stop.bind(target);
		target.stop = async () => {
			await stop();
			await subject.close();
		};
		return target;
	} catch (error) {
		await subject.close();
		throw error;
	}
}

const nodeRed = (starting: Promise<Subject>, store?: 'context') =>
	onVendor(starting, (subject) =>
		NodeRedTarget.start(subject, {
			version: NODE_RED_VERSIONS[0]!,
			packages: packed('fleetwire-node-red-fleet-'),
			store,
		}),
	);
const n8n = (starting: Promise<Subject>, mode?: 'durable') =>
	onVendor(starting, (subject) => N8nTarget.start(subject, { packages: packed('n8n-nodes-fleetwire-'), mode }));

/** What is killed. */
export const hosts: Readonly<Record<string, () => Promise<Target>>> = {
	'Node-RED alarms (file)': () => nodeRed(startAlarms()),
	'Node-RED alarms (context store)': () => nodeRed(startAlarms(), 'context'),
	'Node-RED queue': () => nodeRed(startQueue('nextGet')),
	'n8n alarms (default)': () => n8n(startAlarms()),
	'n8n alarms (durable cursors)': () => n8n(startAlarms(), 'durable'),
	'n8n queue (again at the next Get)': () => n8n(startQueue('nextGet')),
	'n8n queue (again in a new session)': () => n8n(startQueue('newSession')),
};
