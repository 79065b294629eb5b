namespace Appliance.Interop;

/// <summary>Judges of IKEv2 that are not ours (Judges/ike_*.py): strongSwan 5 with ESP in userspace, strongSwan 6 on a kernel's ESP in a virtual machine.</summary>
[Collection("lab")]
public class IkeJudgeTests
{
    /// <summary>Every way to authenticate, key exchange, cipher, role and outer family; then the life of SAs.</summary>
    [SkippableTheory]
    [Trait("peer", "strongswan")]
    [InlineData("matrix")]
    [InlineData("life")]
    [InlineData("moves")]
    [InlineData("restarts")]
    [InlineData("decrypt")]
    public void StrongSwan_SaysAllIsWell(string part) => JudgeRun.Passes("ike_judge.py", part);

    /// <summary>Raw ESP, extended sequence numbers, transport mode, RFC 3884.</summary>
    [SkippableFact]
    [Trait("peer", "strongswan")]
    public void StrongSwanOnKernelEsp_SaysAllIsWell() => JudgeRun.Passes("ike_vm_judge.py");
}
