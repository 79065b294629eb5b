namespace Appliance.Interop;

/// <summary>BFD with bird and FRR's bfdd (Judges/bfd_judge.py).</summary>
[Collection("lab")]
public class BfdJudgeTests
{
    /// <summary>Up over IPv4 and IPv6, one hop and several; intervals; death, silence, AdminDown of either side; loss; forged packets; our own death.</summary>
    [SkippableTheory]
    [Trait("peer", "bgp")]
    [InlineData("bird")]
    [InlineData("frr")]
    public void Daemons_SayAllIsWell(string peer) => JudgeRun.Passes("bfd_judge.py", peer);
}
