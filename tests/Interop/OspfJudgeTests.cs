namespace Appliance.Interop;

/// <summary>OSPF of bird and FRR over our tunnels as interfaces (Judges/ospf_judge.py, RFC 3884).</summary>
[Collection("lab")]
public class OspfJudgeTests
{
    /// <summary>bird and FRR over IIPtran, bird with FRR over tunnel mode.</summary>
    [SkippableTheory]
    [Trait("peer", "bgp")]
    [InlineData("bird")]
    [InlineData("frr")]
    [InlineData("mixed")]
    public void RoutingDaemons_SayAllIsWell(string daemons) => JudgeRun.Passes("ospf_judge.py", daemons);
}
