import { FleetError } from '../describe/errors';
import type { Field, Fields } from '../describe/field';
import { cut, CUT, plain } from '../describe/words';

/** Our mark of a cut, and that of vendors. */
const CUTS = new RegExp(`${CUT}|\\.{3}`, 'g');

const TOKENS_KEPT = 4;
/** Secrets of runs that have ended: a later run may quote what the one before was given. */
const ENDED_KEPT = 20;
/** Of a longer secret, its beginning is looked for: patterns have an end. */
const LONGEST = 4096;
const UNSEARCHED = 'These words are not shown, as it cannot be ruled out that they hold a secret.';

/** A shorter beginning of a secret tells nothing of it. */
const SHORTEST_PART = 4;

/** A text as it is, url-encoded in the fashions there are, in JSON, in html, and base64. */
function formsOf(text: string): string[] {
	const base64 = Buffer.from(text).toString('base64');
	const encoded = percentEncoded(text);
	const asQuery = new URLSearchParams([['', text]]).toString().slice(1);
	return [
		text,
		encoded,
		encoded.replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`),
		asQuery,
		new URL(`http://x/${text.replace(/[\\/?#]/g, percentEncoded)}`).pathname.slice(1),
		JSON.stringify(text).slice(1, -1),
		// As PHP writes JSON, and as .NET does.
		escaped(JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/'), /[^\0-\x7f]/g),
		escaped(JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"'), /[^\0-\x7f]|[<>&'"+`]/g),
		escaped(text, /[^\w.~-]/g),
		text
			.replace(/&/g, '&amp;')
			.replace(/</g, '&lt;')
			.replace(/>/g, '&gt;')
			.replace(/"/g, '&quot;')
			.replace(/'/g, '&#39;'),
		text.replace(/[^\w ]/gu, (sign) => `&#${String(sign.codePointAt(0))};`),
		text.replace(/[^\w ]/gu, (sign) => `&#x${(sign.codePointAt(0) ?? 0).toString(16)};`),
		base64,
		base64.replace(/={1,2}$/, ''),
		base64
			.replace(/={1,2}$/, '')
			.replace(/\+/g, '-')
			.replace(/\//g, '_'),
		percentEncoded(base64),
		// Of what was encoded already, such as an address within an address.
		percentEncoded(encoded),
		percentEncoded(asQuery),
		...withinBase64(text),
		...runsOf(text),
	];
}

/** Some characters as JSON may write them. */
const escaped = (text: string, characters: RegExp) =>
	text.replace(characters, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** The parts of a secret that every encoding leaves as they are, where they are no ordinary words. */
const runsOf = (text: string) => (text.match(/[\w-]{8,}/g) ?? []).filter((run) => /\d/.test(run) || run.length >= 12);

/** What base64 makes of a text within a longer one, whatever stands around it. */
function withinBase64(text: string): string[] {
	const bytes = Buffer.from(text);
	const pieces = [0, 1, 2].map((before) => {
		const shifted = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
		return shifted.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
	});
	// Shorter ones would be found in words.
	return pieces.filter((piece) => piece.length >= 8);
}

/** A secret in every form in which it can appear, those that its field declares included. */
const everyFormOf = (secret: string, otherForms: NonNullable<Field['secretForms']>) =>
	[secret, ...otherForms(secret)].flatMap(formsOf);

/** Half of a surrogate pair has no encoding. */
function percentEncoded(text: string): string {
	try {
		return encodeURIComponent(text);
	} catch {
		return text;
	}
}

/** Shorter values would blank out ordinary words; vendors' tokens and usable passwords are longer. */
const SHORTEST = 4;

/** Forms once each, also as they look in a sentence, and long enough to be looked for. */
const written = (forms: readonly string[]) =>
	new Set([...forms, ...forms.map(plain)].filter((form) => form.length >= SHORTEST));

/** Secrets by how they begin, in lower case. */
interface Parts {
	byStart: ReadonlyMap<string, readonly string[]>;
	longest: number;
}

function partsOf(secrets: Iterable<string>): Parts {
	const byStart = new Map<string, string[]>();
	let longest = 0;
	for (const secret of secrets) {
		const lower = secret.toLowerCase();
		const start = lower.slice(0, SHORTEST_PART);
		const same = byStart.get(start);
		if (same === undefined) byStart.set(start, [lower]);
		else same.push(lower);
		longest = Math.max(longest, lower.length);
	}
	return { byStart, longest };
}

/**
 * Hides secrets by value, in every form in which they can appear: as they are, url-encoded, base64, and in the forms
 * that a vendor's field declares (`secretForms`).
 */
export class Redactor {
	/** What is hidden, what stands in its place, and how many secrets look like this. */
	private readonly forms = new Map<string, { label: string; secrets: number }>();
	private readonly tokens = new Set<string>();
	/** Secrets of runs: their forms, and how many runs have them; those that ended last are at the end. */
	private readonly ofRuns = new Map<string, { forms: readonly string[]; runs: number }>();
	private pattern: RegExp | undefined;
	private parts: Parts | undefined;

	/** Adds a secret and its other forms. `label` replaces them, e.g. "[token]". */
	add(secret: string | undefined, label: string, otherForms: Field['secretForms'] = () => []): void {
		if (secret === undefined || secret.length < SHORTEST) return;
		this.hide(everyFormOf(secret.slice(0, LONGEST), otherForms), label);
	}

	/**
	 * Adds a secret of one run. It is kept until the result is called when the run has ended, and then while it is
	 * among the latest few: the secrets of runs must not pile up for as long as the process lives.
	 */
	hold(whole: string, otherForms: Field['secretForms'] = () => []): () => void {
		if (whole.length < SHORTEST) return () => undefined;
		const secret = whole.slice(0, LONGEST);
		const known = this.ofRuns.get(secret);
		const forms = known?.forms ?? everyFormOf(secret, otherForms);
		if (known === undefined) this.hide(forms, 'password');
		this.ofRuns.set(secret, { forms, runs: (known?.runs ?? 0) + 1 });
		let released = false;
		return () => {
			if (released) return;
			released = true;
			const left = (this.ofRuns.get(secret)?.runs ?? 1) - 1;
			this.ofRuns.delete(secret);
			this.ofRuns.set(secret, { forms, runs: left });
			const ended = [...this.ofRuns].filter(([, { runs }]) => runs === 0);
			for (const [oldest, { forms: over }] of ended.slice(0, Math.max(0, ended.length - ENDED_KEPT))) {
				this.ofRuns.delete(oldest);
				this.show(over);
			}
		};
	}

	/** Adds what an account's fields mark as secret. */
	addSecrets(fields: Fields, values: object): void {
		for (const [name, { secret, secretForms }] of Object.entries(fields)) {
			const value = (values as Record<string, unknown>)[name];
			if (secret && typeof value === 'string') this.add(value, name, secretForms);
		}
	}

	/**
	 * Adds a session's token; only the latest few are kept, as sessions come and go for as long as the process lives.
	 */
	addToken(whole: string): void {
		const token = whole.slice(0, LONGEST);
		if (this.tokens.has(token)) return;
		this.tokens.add(token);
		this.hide(formsOf(token), 'token');
		const [oldest] = this.tokens;
		if (oldest === undefined || this.tokens.size <= TOKENS_KEPT) return;
		this.tokens.delete(oldest);
		this.show(formsOf(oldest));
	}

	private hide(forms: readonly string[], label: string): void {
		for (const form of written(forms)) {
			const { secrets, label: first } = this.forms.get(form) ?? { secrets: 0, label: `[${label}]` };
			this.forms.set(form, { label: first, secrets: secrets + 1 });
		}
		this.pattern = this.parts = undefined;
	}

	/** Hides no longer what no other secret looks like. */
	private show(forms: readonly string[]): void {
		for (const form of written(forms)) {
			const { secrets = 0, label = '' } = this.forms.get(form) ?? {};
			if (secrets > 1) this.forms.set(form, { label, secrets: secrets - 1 });
			else this.forms.delete(form);
		}
		this.pattern = this.parts = undefined;
	}

	text(text: string): string {
		if (this.forms.size === 0) return text;
		try {
			this.pattern ??= new RegExp(
				[...this.forms.keys()]
					.sort((a, b) => b.length - a.length)
					.map((form) => form.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
					.join('|'),
				'gi',
			);
			return this.withoutParts(text.replace(this.pattern, (found) => this.forms.get(found)?.label ?? '[secret]'));
		} catch {
			// What went wrong may hold the secrets itself, and must not take an outcome or an error with it.
			return UNSEARCHED;
		}
	}

	/** Hides the beginning of a secret that a cut has left. */
	private withoutParts(text: string): string {
		let shown = '';
		let done = 0;
		for (const { index: mark, 0: cut } of text.matchAll(CUTS)) {
			const part = this.partBefore(text, done, mark);
			const end = mark + cut.length;
			shown += part === mark ? text.slice(done, end) : `${text.slice(done, part)}[secret]${cut}`;
			done = end;
		}
		return shown + text.slice(done);
	}

	/**
	 * Where the beginning of a secret starts that ends at the mark, and not before `from`; the mark itself if there is
	 * none.
	 */
	private partBefore(text: string, from: number, mark: number): number {
		const { longest, byStart } = (this.parts ??= partsOf(this.forms.keys()));
		for (let at = Math.max(from, mark - longest); at <= mark - SHORTEST_PART; at++) {
			const forms = byStart.get(text.slice(at, at + SHORTEST_PART).toLowerCase());
			if (forms?.some((form) => form.startsWith(text.slice(at, mark).toLowerCase()))) return at;
		}
		return mark;
	}

	/**
	 * Cleans an error in place: message, stack, the vendor's words, and the cause, of which only name, message and code
	 * are kept - a socket library's error object can hold the whole request.
	 */
	error<E extends Error>(error: E): E {
		const set = (key: string, value: unknown) =>
			// eslint-disable-next-line no-restricted-syntax -- the one change: whoever else holds the error must not keep the secret
			Object.defineProperty(error, key, { value, configurable: true, writable: true, enumerable: false });
		set('message', this.text(error.message));
		if (error.stack !== undefined) set('stack', this.text(error.stack));
		if (error instanceof FleetError) {
			const words = error as { advice: string; vendorMessage?: string; vendorCode?: string };
			words.advice = this.text(words.advice);
			if (words.vendorMessage !== undefined) words.vendorMessage = this.text(words.vendorMessage);
			if (words.vendorCode !== undefined) words.vendorCode = this.text(words.vendorCode);
		}
		if (error.cause !== undefined) set('cause', this.cause(error.cause));
		return error;
	}

	private cause(cause: unknown): object {
		const shown = (words: string) => this.text(cut(words));
		if (!(cause instanceof Error)) return { message: shown(String(cause)) };
		const { code } = cause as { code?: unknown };
		return { name: cause.name, message: shown(cause.message), ...(typeof code === 'string' ? { code } : {}) };
	}
}
