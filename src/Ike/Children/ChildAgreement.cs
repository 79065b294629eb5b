namespace Appliance.Ike.Children;

/// <summary>What both sides agreed on: the child as it will be installed, and its transforms.</summary>
/// <param name="Child">Without keys.</param>
/// <param name="Chosen">Transforms; its method is none when the child gets its keys from SK_d alone.</param>
/// <param name="Resources">The peer agrees to more children with these selectors (SA_RESOURCE_INFO, RFC 9611).</param>
internal sealed record ChildAgreement(ChildSa Child, ChosenProposal Chosen, bool Resources);
