// Made by `npm run generate` from providers/: edit the vendor there.
import type { IAuthenticate, ICredentialTestRequest, ICredentialType, Icon, INodeProperties } from 'n8n-workflow';
import { authenticateOf, credentialProperties, preAuthenticationOf, testOf } from '../n8n/credential';
import { ctrack } from '../providers/ctrack';

export class CtrackApi implements ICredentialType {
	name = 'ctrackApi';

	displayName = 'Ctrack API';

	icon: Icon = { light: 'file:../icons/ctrack.svg', dark: 'file:../icons/ctrack.dark.svg' };

	documentationUrl = 'https://github.com/fleetwire/fleetwire/blob/main/docs/ctrack.md#account';

	properties: INodeProperties[] = credentialProperties(ctrack);

	preAuthentication = preAuthenticationOf(ctrack);

	authenticate: IAuthenticate = authenticateOf(ctrack);

	// The login before this request is the real test; it says itself what is wrong.
	test: ICredentialTestRequest = {
		request: testOf(ctrack, { url: '/CostCentres/GetCostCentres' }),
	};
}
