/** What was measured, promise by promise, and the table of it. */

export interface Part {
	what: string;
	/** core: with a virtual clock. Otherwise the hosts that really ran. */
	where: string;
	measured: string;
	promised: string;
	ok: boolean;
}

/** One of the twelve promises. */
export class Sheet {
	readonly parts: Part[] = [];
	private readonly began = performance.now();
	private seconds: number | undefined;

	constructor(
		readonly promise: number,
		readonly title: string,
	) {}

	part(what: string, where: string, measured: string | number, promised: string, ok: boolean): void {
		const part = { what, where, measured: String(measured), promised, ok };
		this.parts.push(part);
		console.log(
			`${ok ? '  ok  ' : ' FAIL '} ${String(this.promise).padStart(2)}  ${what} (${where}): ${part.measured}; promised: ${promised}`,
		);
	}

	end(): void {
		this.seconds = (performance.now() - this.began) / 1000;
	}

	get ok(): boolean {
		return this.parts.length > 0 && this.parts.every(({ ok }) => ok);
	}

	get row(): string[] {
		const { parts, promise, title, ok, seconds = 0 } = this;
		// The worst comes first: what fails, then what is measured nearest to the users.
		const shown = ok ? parts : parts.filter((part) => !part.ok);
		const places = [...new Set(parts.flatMap(({ where }) => where.split(', ')))].join(', ');
		return [
			String(promise),
			title,
			places,
			shown.map(({ what, measured }) => `${what}: ${measured}`).join('; '),
			shown.map(({ promised }) => promised).join('; '),
			ok ? 'pass' : 'FAIL',
			`${seconds.toFixed(0)} s`,
		];
	}
}

const HEAD = ['#', 'promise', 'measured in', 'measured', 'promised', 'result', 'time'];
/** The widest that a column grows before its text is wrapped. */
const WIDEST = [3, 26, 18, 64, 44, 6, 6];

export function tableOf(sheets: readonly Sheet[]): string {
	const rows = [HEAD, ...sheets.map(({ row }) => row)];
	const widths = HEAD.map((_, column) =>
		Math.min(WIDEST[column] ?? 40, Math.max(...rows.map((row) => row[column]?.length ?? 0))),
	);
	const rule = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+`;
	const lines = rows.flatMap((row) => {
		const cells = row.map((cell, column) => wrapped(cell, widths[column] ?? 10));
		const height = Math.max(...cells.map(({ length }) => length));
		const text = Array.from(
			{ length: height },
			(_, line) =>
				`| ${cells.map((cell, column) => (cell[line] ?? '').padEnd(widths[column] ?? 0)).join(' | ')} |`,
		);
		return [...text, rule];
	});
	return [rule, ...lines].join('\n');
}

function wrapped(text: string, width: number): string[] {
	const lines: string[] = [];
	let line = '';
	for (const word of text.split(' ')) {
		if (line !== '' && line.length + 1 + word.length > width) {
			lines.push(line);
			line = '';
		}
		line = line === '' ? word : `${line} ${word}`;
		for (; line.length > width; line = line.slice(width)) lines.push(line.slice(0, width));
	}
	return [...lines, line];
}
