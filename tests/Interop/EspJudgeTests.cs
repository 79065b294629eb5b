namespace Appliance.Interop;

/// <summary>
/// Judges of ESP that are not ours (Judges/*.py): scapy, tshark and the kernel in a virtual machine. Each prints a line a case; a test here is one run of a
/// judge, and fails with the cases that failed.
/// </summary>
[Collection("lab")]
public class EspJudgeTests
{
    /// <summary>scapy builds and reads ESP: every cipher, mode, family, encapsulation and sequence number size, and everything that must be dropped.</summary>
    [SkippableTheory]
    [Trait("peer", "scapy")]
    [InlineData("tunnel")]
    [InlineData("iiptran")]
    [InlineData("transport")]
    [InlineData("rollover")]
    [InlineData("keepalive")]
    [InlineData("steering")]
    [InlineData("broken")]
    public void Scapy_SaysAllIsWell(string part) => JudgeRun.Passes("scapy_judge.py", part);

    /// <summary>tshark decrypts what the gateway sent.</summary>
    [SkippableFact]
    [Trait("peer", "tshark")]
    public void Tshark_SaysAllIsWell() => JudgeRun.Passes("tshark_judge.py");

    /// <summary>The Linux kernel's ESP: tunnel mode, an IP tunnel with transport mode (RFC 3884), XFRM interfaces.</summary>
    [SkippableFact]
    [Trait("peer", "vm")]
    public void Kernel_SaysAllIsWell() => JudgeRun.Passes("vm_judge.py");
}
