namespace Appliance.Bfd.Tests;

public sealed class ContractTests
{
    [Fact]
    public void Rfc5880_4_1_DiagnosticsHaveTheirNumbers() => Assert.Equal(7, (int)BfdDiagnostic.AdministrativelyDown);
}
