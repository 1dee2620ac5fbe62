import { TooLarge } from '../describe/errors';
import { MAX_BODY_BYTES } from '../describe/host';

export const answerTooLarge = (host: string) =>
	new TooLarge(`The answer of ${host} is larger than ${String(MAX_BODY_BYTES / 1024 / 1024)} MiB.`, {
		effect: 'unknown',
		advice: 'Ask for fewer devices or a shorter period.',
	});

/** An answer as it comes in. It may come byte by byte, and each part kept would take many times what it holds. */
export class ReceivedBytes {
	private bytes: Uint8Array = new Uint8Array(0);
	private size = 0;

	constructor(private readonly host: string) {}

	/** @throws TooLarge */
	add(part: Uint8Array): void {
		const { size } = this;
		this.size += part.byteLength;
		if (this.size > MAX_BODY_BYTES) throw answerTooLarge(this.host);
		// Most answers come in one part, which need not be copied.
		if (size === 0) this.bytes = part;
		else {
			if (this.size > this.bytes.length) this.grow(size);
			this.bytes.set(part, size);
		}
	}

	get whole(): Uint8Array {
		return this.bytes.subarray(0, this.size);
	}

	private grow(size: number): void {
		const grown = new Uint8Array(Math.min(MAX_BODY_BYTES, 2 * this.size));
		grown.set(this.bytes.subarray(0, size));
		this.bytes = grown;
	}
}
