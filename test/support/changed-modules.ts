/**
 * The product's modules as they are, or with faults put into their source. They are compiled in memory, so that the
 * product's code needs no hooks for it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import ts from 'typescript';

const CORE = join(__dirname, '..', '..', 'core');
const outside = createRequire(__filename);

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

/** Puts the changes into their files, without running them. @throws Error if one does not fit */
export function tryChanges(changes: readonly Change[]): void {
	for (const change of changes) changed(readFileSync(join(CORE, change.file), 'utf8'), change);
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

/** A module's file, or that of a folder. */
const fileOf = (path: string) => (existsSync(`${path}.ts`) ? `${path}.ts` : join(path, 'index.ts'));

/**
 * Compiles modules and all that they import, with changes if there are any. All of it comes from one compilation: its
 * classes know each other.
 * @param files from core/ on, without ".ts"
 * @throws Error if a change does not fit the source
 */
export function changedModules<T extends object>(
	files: Readonly<Record<keyof T, string>>,
	changes: readonly Change[] = [],
): T {
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
			name.startsWith('.') ? load(fileOf(join(dirname(file), name))) : (outside(name) as unknown);
		const run = new Function(
			'require',
			'module',
			'exports',
			`${compile(source)}\n//# sourceURL=${file}${changes.length > 0 ? '?changed' : ''}`,
		) as (require: unknown, module: object, exports: unknown) => void;
		run(need, module, module.exports);
		return module.exports;
	};

	const loaded = Object.fromEntries(
		Object.entries<string>(files).map(([name, file]) => [name, load(join(CORE, `${file}.ts`))]),
	) as unknown as T;
	if (left.size > 0)
		throw new Error(`core/${[...left][0]?.file ?? ''} is not among the modules: this change was not made.`);
	return loaded;
}
