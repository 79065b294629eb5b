namespace Appliance.Interop;

/// <summary>Routing over our tunnels as interfaces (Judges/ospf_judge.py, RFC 3884).</summary>
[Collection("lab")]
public class OspfJudgeTests
{
    /// <summary>bird and FRR over IIPtran, bird with FRR over tunnel mode; our own BGP with BFD in their place.</summary>
    [SkippableTheory]
    [Trait("peer", "bgp")]
    [InlineData("bird")]
    [InlineData("frr")]
    [InlineData("mixed")]
    [InlineData("bgp")]
    public void RoutingDaemons_SayAllIsWell(string daemons) => JudgeRun.Passes("ospf_judge.py", daemons);
}
