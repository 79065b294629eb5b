namespace Appliance.Interop;

/// <summary>Judges of BGP that are not ours (Judges/bgp_*.py): BIRD, FRR, GoBGP, ExaBGP, OpenBGPD.</summary>
[Collection("lab")]
public class BgpJudgeTests
{
    /// <summary>Sessions and routes of all families with everybody; sessions of all kinds of transport; route reflection; graceful restart; BFD; malformed messages; what is spoken by capability alone; crossing connections and neighbours that do not read; encapsulation.</summary>
    [SkippableTheory]
    [Trait("peer", "bgp")]
    [InlineData("sessions")]
    [InlineData("transport")]
    [InlineData("reflection")]
    [InlineData("restart")]
    [InlineData("liveness")]
    [InlineData("malformed")]
    [InlineData("capabilities")]
    [InlineData("crossing")]
    [InlineData("encapsulation")]
    public void Speakers_SayAllIsWell(string part) => JudgeRun.Passes("bgp_judge.py", part);

    /// <summary>Four sites of two VPNs: security gateways from BGP, and what was protected once stays so.</summary>
    [SkippableFact]
    [Trait("peer", "bgp")]
    public void CeCeLab_SaysAllIsWell() => JudgeRun.Passes("ce_judge.py");

    /// <summary>A BGP session between CE and PE inside an SA in transport mode; nothing of it in the clear.</summary>
    [SkippableFact]
    [Trait("peer", "bgp")]
    public void PeCeLab_SaysAllIsWell() => JudgeRun.Passes("pe_ce_judge.py");

    /// <summary>A newer BIRD on another kernel.</summary>
    [SkippableFact]
    [Trait("peer", "bgp")]
    public void BirdInAVirtualMachine_SaysAllIsWell() => JudgeRun.Passes("bgp_vm_judge.py");
}
