namespace Appliance.Interop;

/// <summary>Judges of multi-point SAs that are not ours (Judges/group_judge.py).</summary>
[Collection("lab")]
public class GroupJudgeTests
{
    /// <summary>scapy as an independent member; tshark with an exported key; strongSwan, which knows no groups; a network that loses each message in turn; processes that die.</summary>
    [SkippableTheory]
    [Trait("peer", "group")]
    [InlineData("scapy")]
    [InlineData("tshark")]
    [InlineData("strongswan")]
    [InlineData("losses")]
    [InlineData("faults")]
    public void Group_SaysAllIsWell(string part) => JudgeRun.Passes("group_judge.py", part);
}
