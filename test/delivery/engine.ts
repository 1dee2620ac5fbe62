/**
 * The delivery engine under test: as it is, or with a fault put into its source. A faulty one is compiled in memory, so
 * that the product's code needs no hooks for it.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import ts from 'typescript';

const CORE = join(__dirname, '..', '..', 'core');
const outside = createRequire(__filename);

/**
 * What the tests use of the core, and of what keeps its cursors. All of it comes from one compilation: its classes know
 * each other.
 */
export interface Engine {
	breaker: typeof import('../../core/call/breaker');
	client: typeof import('../../core/call/client');
	errors: typeof import('../../core/describe/errors');
	field: typeof import('../../core/describe/field');
	limiter: typeof import('../../core/call/limiter');
	operation: typeof import('../../core/describe/operation');
	pages: typeof import('../../core/call/pages');
	pickers: typeof import('../../core/call/lookups');
	poller: typeof import('../../core/watch/poller');
	queueConsumer: typeof import('../../core/watch/queue-consumer');
	refusals: typeof import('../../core/call/refusals');
	retry: typeof import('../../core/call/retry');
	session: typeof import('../../core/call/session');
	sharedReads: typeof import('../../core/call/shared-reads');
	trigger: typeof import('../../core/describe/trigger');
	positionTriggers: typeof import('../../core/watch/position-triggers');
	/** Where a trigger stands, as n8n's side keeps it. */
	n8nState: typeof import('../../n8n/trigger-state');
}

const FILES: Readonly<Record<keyof Engine, string>> = {
	breaker: 'call/breaker',
	client: 'call/client',
	errors: 'describe/errors',
	field: 'describe/field',
	limiter: 'call/limiter',
	operation: 'describe/operation',
	pages: 'call/pages',
	pickers: 'call/lookups',
	poller: 'watch/poller',
	queueConsumer: 'watch/queue-consumer',
	refusals: 'call/refusals',
	retry: 'call/retry',
	session: 'call/session',
	sharedReads: 'call/shared-reads',
	trigger: 'describe/trigger',
	positionTriggers: 'watch/position-triggers',
	n8nState: '../n8n/trigger-state',
};

/** A change of a source file. */
export interface Change {
	/** From core/ on. */
	file: string;
	/** Must be there exactly once. */
	from: string;
	to: string;
}

/** What formatting adds or moves: blanks, line ends, and the comma before a closing bracket. */
const FORMATTING = /\s+|,(?=\s*[)\]}])/g;

/**
 * The source with the change made, however its lines are broken. @throws Error if the change does not fit the source
 */
function changed(source: string, { file, from, to }: Change): string {
	const kept = source
		.replace(FORMATTING, (formatting) => '\0'.repeat(formatting.length))
		.split('')
		.flatMap((sign, place) => (sign === '\0' ? [] : [place]));
	const bare = kept.map((place) => source.charAt(place)).join('');
	const wanted = from.replace(FORMATTING, '');
	const times = bare.split(wanted).length - 1;
	if (times !== 1)
		throw new Error(`"${from}" is ${String(times)} times in core/${file}, not once: this change no longer fits.`);
	const first = bare.indexOf(wanted);
	return source.slice(0, kept[first]) + to + source.slice((kept[first + wanted.length - 1] ?? 0) + 1);
}

const compiled = new Map<string, string>();

function compile(source: string): string {
	let code = compiled.get(source);
	if (code === undefined) {
		code = ts.transpileModule(source, {
			compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS, esModuleInterop: true },
		}).outputText;
		compiled.set(source, code);
	}
	return code;
}

/** Compiles the engine, with changes if there are any. @throws Error if a change does not fit the source */
export function engineOf(changes: readonly Change[] = []): Engine {
	const modules = new Map<string, { exports: unknown }>();
	const left = new Set(changes);

	const load = (file: string): unknown => {
		const known = modules.get(file);
		if (known !== undefined) return known.exports;
		const module = { exports: {} as unknown };
		modules.set(file, module);
		let source = readFileSync(file, 'utf8');
		for (const change of changes) {
			if (join(CORE, change.file) !== file) continue;
			source = changed(source, change);
			left.delete(change);
		}
		const need = (name: string) =>
			name.startsWith('.') ? load(`${join(dirname(file), name)}.ts`) : (outside(name) as unknown);
		const run = new Function(
			'require',
			'module',
			'exports',
			`${compile(source)}\n//# sourceURL=${file}${changes.length > 0 ? '?changed' : ''}`,
		) as (require: unknown, module: object, exports: unknown) => void;
		run(need, module, module.exports);
		return module.exports;
	};

	const engine = Object.fromEntries(
		Object.entries(FILES).map(([name, file]) => [name, load(join(CORE, `${file}.ts`))]),
	) as unknown as Engine;
	if (left.size > 0)
		throw new Error(`core/${[...left][0]?.file ?? ''} is not part of the engine: this change was not made.`);
	return engine;
}
