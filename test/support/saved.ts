/** Flows and workflows as earlier versions saved them (test/fixtures/). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { INode } from 'n8n-workflow';
import type { FlowNode } from './node-red-runtime';

const FOLDER = join(__dirname, '..', 'fixtures', 'version-1');
const read = (name: string): unknown => JSON.parse(readFileSync(join(FOLDER, name), 'utf8'));

export interface SavedCredential {
	id: string;
	name: string;
	type: string;
	data: Record<string, unknown>;
}

export const savedFlow = () => read('node-red-flow.json') as FlowNode[];
export const savedWorkflow = () => read('n8n-workflow.json') as { name: string; nodes: INode[] };
export const savedCredentials = () => read('n8n-credentials.json') as SavedCredential[];

/** The number of the command sent last, wherever a saved node asks for it. */
export const withLastCommand = <T>(saved: T, commandId = ''): T =>
	JSON.parse(JSON.stringify(saved).replaceAll('"(last)"', JSON.stringify(commandId))) as T;
