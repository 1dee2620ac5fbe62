import type { Provider } from '../core/describe/provider';

/** A vendor as its users meet it. `npm run generate` makes from it whatever is about one vendor outside providers/. */
export interface Vendor {
	provider: Provider;
	/**
	 * File or folder below providers/ that exports the provider under its name. Its first part is the platform, which
	 * has the facts, recorded pairs, examples and test kit of all its brands.
	 */
	module: string;
	/** What this vendor covers, as a list of words. */
	covers: string;
	/** Which of the vendor's methods these are, where they are all of a kind. */
	extent?: string;
	/** What else the docs page says of the vendor's answers, a paragraph each. */
	notes?: readonly string[];
	/** The platform of whose other brands the accounts work too, at the brand's own address. */
	whiteLabelsOf?: string;
	/** Words that people search packages with, beside the vendor's name. */
	keywords: readonly string[];
	icon: Icon;
	n8n: N8nNodes;
	/** A muted colour for the palette of Node-RED. */
	color: string;
}

export interface Icon {
	/** SVG elements on a square of 60, back to front. Colours are names in braces, such as fill="{body}". */
	drawing: readonly string[];
	/** What {name} stands for on a light ground and on a dark one. `ground` lets through what is below. */
	light: Readonly<Record<string, string>>;
	dark: Readonly<Record<string, string>>;
}

interface N8nNodes {
	/** In class names, and with a small first letter in the types of nodes and credentials. Workflows store it. */
	className: string;
	/** What the node, the trigger node and, where there is one, the queue trigger node are for. */
	node: string;
	trigger: string;
	queueTrigger?: string;
	/** Words under which n8n finds the nodes, beside the names. */
	alias: readonly string[];
	test: CredentialTest;
}

/** The request that n8n sends to test a credential, after a login. */
interface CredentialTest {
	path: string;
	/** Whether every answer is as good as any other, as only the login counts. */
	anyAnswer?: true;
	/** Codes in the body that tell of a session which ended at once. */
	contested?: { key: string; values: readonly number[] };
}
