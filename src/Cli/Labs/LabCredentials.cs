using System.Security.Cryptography;
using Appliance.Shared;

namespace Appliance.Cli.Labs;

/// <summary>
/// Makes what the gateways of a lab prove themselves with, in the lab's own folder on tmpfs: <c>pki/ca.crt</c>, <c>pki/NAME.crt</c> and <c>pki/NAME.key</c> by the product's own
/// <c>appliance pki</c>, <c>pki/NAME.psk</c> from the random source. Configurations are copied beside that folder, so that their relative paths lead there.
/// </summary>
internal static class LabCredentials
{
    private const int SharedKeyOctets = 32;

    /// <summary>The file that a gateway is started with.</summary>
    public static string Configuration(LabState state, LabFile file, LabNode gateway) => file.Pki is null ? gateway.Configuration! : Path.Combine(state.Directory, gateway.Name + ".yaml");

    /// <summary>Makes keys and certificates and copies the configurations.</summary>
    /// <exception cref="Failure">A certificate cannot be made.</exception>
    public static void Make(LabState state, LabFile file, LabPki pki, Action<string> say)
    {
        var folder = Path.Combine(state.Directory, "pki");
        if (!OperatingSystem.IsWindows()) Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var name in pki.SharedKeys) WriteKey(Path.Combine(folder, name + ".psk"));
        if (pki.Certificates.Count > 0) Tool.Require(Programs.Find(Programs.Cli), ["pki", "init", folder, "--name", $"{file.Name} lab"]);
        foreach (var name in pki.Certificates) Tool.Require(Programs.Find(Programs.Cli), ["pki", "issue", name, "--ca", folder]);
        foreach (var gateway in file.Gateways) File.Copy(gateway.Configuration!, Configuration(state, file, gateway), overwrite: true);
        var made = new[] { (pki.Certificates.Count, "certificate"), (pki.SharedKeys.Count, "shared key") }.Where(m => m.Item1 > 0).Select(m => $"{m.Item1} {m.Item2}{(m.Item1 > 1 ? "s" : "")}");
        say($"credentials: {string.Join(" and ", made)} made afresh");
    }

    private static void WriteKey(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var writer = new StreamWriter(path, options);
        writer.Write("0x" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SharedKeyOctets)));
    }
}
