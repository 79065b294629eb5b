using Appliance.Ike.Children;
using Appliance.Ike.Keys;

namespace Appliance.Ike.Exchanges;

/// <summary>A chosen proposal as the algorithms of an IKE SA.</summary>
internal static class Suites
{
    /// <summary>The algorithms.</summary>
    public static IkeSuite ToSuite(this ChosenProposal chosen) => new(chosen.Encryption, chosen.Integrity, chosen.Prf, chosen.Method) { Additional = chosen.Additional };
}
