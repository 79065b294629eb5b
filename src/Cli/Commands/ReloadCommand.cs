using System.CommandLine;
using Appliance.Cli.Api;

namespace Appliance.Cli.Commands;

/// <summary>appliance reload: the slow path reads its configuration again.</summary>
internal static class ReloadCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        Option<string?> instance = Instances.Option();
        var command = new Command("reload", "Read the configuration again and apply what changed; SAs that the change does not touch stay. Nothing changes when it is wrong") { instance };
        command.SetAction(parsed =>
        {
            using var api = new ApiClient(Instances.Find(parsed.GetValue(instance)).ApiSocket, limitSeconds: 30);
            Console.WriteLine(api.Send(HttpMethod.Post, "/reload").ToJsonString());
        });
        return command;
    }
}
